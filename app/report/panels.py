"""What the report draws: panels of curves over epochs, taken from a summary. Nothing here knows how they are drawn."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

from dfa_lab.feedback import rule_class
from dfa_lab.records import DRAWN, METRICS
from dfa_lab.train.results import WHOLE

MOST_LAYERS = 12  # panels of angles; of a deeper network as many layers, evenly apart
CHANCE = 90  # degrees, between random vectors of many entries
FIRST = "signal_angle"  # has panels of its own
MEASURED = {one["name"]: one["metric"] for one in DRAWN.values() if one["metric"] != FIRST}
Value = float | None


@dataclass(frozen=True)
class Curve:
    """A line. `seed` None: the mean over the seeds, of `seeds` of them."""

    rule: str
    seed: int | None
    seeds: int
    training: bool  # on training batches, drawn dotted
    x: tuple[float, ...]  # epochs
    y: tuple[Value, ...]  # in the panel's unit

    @property
    def bold(self) -> bool:
        """The line to look at: the mean, or the only seed."""
        return self.seed is None or self.seeds == 1

    @property
    def name(self) -> str:
        of = ["mean"] if self.seed is None else [f"seed {self.seed}"] if self.seeds > 1 else []
        return " · ".join([self.rule, *of, *(["training"] if self.training else [])])

    @property
    def last(self) -> Value:
        return self.y[-1] if self.y else None


@dataclass(frozen=True)
class Panel:
    """Curves with one axis; the page and the picture show the same ones."""

    title: str
    unit: str  # "%", "°" or "", an ordinary number
    curves: tuple[Curve, ...]
    about: str = ""

    @property
    def angles(self) -> bool:
        return self.unit == "°"

    @property
    def top(self) -> float:
        """Where the axis of an angle ends."""
        return max([100.0, *(y + 5 for curve in self.curves for y in curve.y if y is not None)])


def rules(summary: dict[str, Any]) -> list[str]:
    """The rules in the order in which they were asked for."""
    return list(dict.fromkeys(run["rule"] for run in summary["runs"]))


def colour(rule: str) -> str:
    """The rule's one colour."""
    return rule_class(rule).colour


def layers(summary: dict[str, Any]) -> list[str]:
    """The hidden layers whose signal angles were measured."""
    return list(dict.fromkeys(layer for run in summary["runs"] for layer in run["angles"].get("signal", {})))


def panels(summary: dict[str, Any]) -> list[Panel]:
    """Error, loss, the angle of the signal in each hidden layer, and those of the whole weight gradient and step."""
    made = [
        Panel("Error", "%", (*_curves(summary, "train_error"), *_curves(summary, "test_error")), "wrong answers"),
        Panel("Loss", "", (*_curves(summary, "train_loss"), *_curves(summary, "test_loss")), "mean over samples"),
    ]
    if eps := summary["settings"].get("eps"):
        about = f"inputs moved by ε = {eps:g}"
        for title, unit, what in (("Error", "%", "error"), ("Loss", "", "loss")):
            curves = [_curves(summary, f"{part}_{what}_adversarial") for part in ("train", "test")]
            made.append(Panel(f"{title} · {about}", unit, (*curves[0], *curves[1]), about))
    for layer in chosen(layers(summary)):
        made.append(Panel(f"Signal angle, layer {layer}", "°", tuple(_angles(summary, "signal", layer))))
    made.append(Panel("Weight gradient, whole network", "°", tuple(_angles(summary, "weight_gradient", WHOLE))))
    made.append(Panel("Update, whole network", "°", tuple(_angles(summary, "update", WHOLE))))
    return [panel for panel in made if any(y is not None for curve in panel.curves for y in curve.y)]


def definitions() -> list[tuple[str, str]]:
    """(name, what it is) of everything measured by layer that the report shows."""
    return [(one["name"], METRICS[one["metric"]][1]) for one in DRAWN.values()]


def chosen(layers: list[str]) -> list[str]:
    """All layers, or the first, the last and others evenly apart."""
    if len(layers) <= MOST_LAYERS:
        return layers
    return [layers[round(n * (len(layers) - 1) / (MOST_LAYERS - 1))] for n in range(MOST_LAYERS)]


def mean_and_spread(values: list[float]) -> tuple[float, float]:
    """Mean and standard deviation (of a sample; 0 for one value)."""
    mean = sum(values) / len(values)
    return mean, sqrt(sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1))


def _curves(summary: dict[str, Any], metric: str) -> list[Curve]:
    percent = 100 if "_error" in metric else 1
    series = [
        (run["rule"], run["seed"], {row["epoch"]: _scaled(row.get(metric), percent) for row in run["epochs"]})
        for run in summary["runs"]
    ]
    return _with_means(series, metric.startswith("train"))


def _angles(summary: dict[str, Any], kind: str, layer: str) -> list[Curve]:
    """Points where it was measured; an epoch without is passed over, while no angle there is a gap."""
    series: list[tuple[str, int, dict[float, Value]]] = []
    for run in summary["runs"]:
        dated = [(_when(row, kind), row["angles"].get(kind, {}).get(layer)) for row in run["epochs"]]
        series.append((run["rule"], run["seed"], {x: value for x, value in dated if x is not None}))
    return _with_means([one for one in series if any(y is not None for y in one[2].values())], training=False)


def _when(row: dict[str, Any], kind: str) -> float | None:
    """The epoch, with fractions, at which it was measured; an earlier lab does not tell: the epoch's end."""
    if "measured_at" not in row:
        return row["epoch"]
    step = row["measured_at"].get(kind)
    return None if step is None else row["epoch"] * step / row["steps"]


def _scaled(value: Value, factor: int) -> Value:
    return None if value is None else factor * value


def _with_means(series: list[tuple[str, int, dict[float, Value]]], training: bool) -> list[Curve]:
    """A curve of each run, and one of the mean where a rule has several; training curves only where they are alone."""
    made: list[Curve] = []
    for rule in dict.fromkeys(rule for rule, _, _ in series):
        own = [(seed, points) for name, seed, points in series if name == rule]
        if len(own) == 1 or not training:
            made += [Curve(rule, seed, len(own), training, tuple(p), tuple(p.values())) for seed, p in own]
        if len(own) > 1:
            x = sorted({epoch for _, points in own for epoch in points})
            y = tuple(_mean([points.get(epoch) for _, points in own]) for epoch in x)
            made.append(Curve(rule, None, len(own), training, tuple(x), y))
    return sorted(made, key=lambda curve: curve.bold)


def _mean(values: list[Value]) -> Value:
    known = [value for value in values if value is not None]
    return mean_and_spread(known)[0] if len(known) == len(values) else None
