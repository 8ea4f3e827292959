"""The report's words: a summary's settings, figures and origin as plain texts. Nothing here is escaped."""

from typing import Any

from app.report.panels import FIRST, MEASURED, layers, mean_and_spread, rules
from dfa_lab.compare.table import written
from dfa_lab.records import METRICS
from dfa_lab.settings import point_text
from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.parsing import as_stored, command, describe, parse
from dfa_lab.settings.wording import title
from dfa_lab.train.results import ANGLES, WHOLE, last_measured, older

FIGURES = {"degrees": "{:.0f}°", "fraction": "{:.0%}", "directions": "{:.0f}"}  # unit -> how a value is written
MANY_LAYERS = 6  # angles that a table shows each in its own column


def experiment(summary: dict[str, Any]) -> Experiment:
    """What was trained; it may have been on a device that this machine lacks."""
    settings = as_stored(summary["settings"])
    try:
        return parse(settings)
    except SettingsError:
        return parse({**settings, "device": "auto"}).model_copy(update={"device": settings.get("device", "auto")})


def heading(summary: dict[str, Any]) -> str:
    """The rules and what they learn."""
    return f"{', '.join(rules(summary))} on {describe(experiment(summary))}"


def repeat(summary: dict[str, Any]) -> str:
    """The command line that trains the same again; the name of this run is taken."""
    return command(experiment(summary).model_copy(update={"save": ""}))


def settings(summary: dict[str, Any]) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """(name, value, default) of the settings that differ from their defaults, and of the others."""
    other: list[tuple[str, str, str]] = []
    usual: list[tuple[str, str, str]] = []
    given = experiment(summary)
    for name, field in Experiment.model_fields.items():
        value = getattr(given, name)
        label = title(name).removesuffix(f" ({extra(field)['unit']})")
        show = _drawn if name == "points" else _shown  # the command to repeat it has the points themselves
        row = (label, show(value), show(field.default))
        (usual if value == field.default else other).append(row)
    return other, usual


def _drawn(text: str) -> str:
    points = point_text.decode(text)
    return f"{len(points)} points of {point_text.classes(points)} classes"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value) or "–"


def origin(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """(what, which): device and versions."""
    made_by = [("Device", f"{summary['device']['title']} ({summary['device']['name']})")]
    return made_by + [(name.capitalize(), str(version)) for name, version in summary["versions"].items()]


def figures(summary: dict[str, Any]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """(names of the columns, (rule, figures) of each rule): after the last epoch, mean ± standard deviation over seeds."""
    found = layers(summary)
    names = [f"angle {layer}" for layer in found] if len(found) <= MANY_LAYERS else ["angles"]
    rows = []
    for rule in rules(summary):
        own = [run for run in summary["runs"] if run["rule"] == rule]
        cells = [_spread([run.get(metric) for run in own], 100, " %") for metric in ("test_error", "train_error")]
        cells[0] += _tested(own)
        cells += [_spread([run.get("test_loss") for run in own], 1, "", 3) + _tested(own)]
        angles = [_angle(own, layer) for layer in found]
        rows.append((rule, [str(len(own)), *cells, *(angles if len(found) <= MANY_LAYERS else [_range(own, found)])]))
        rows[-1][1].append(_spread([run["seconds"] for run in own], 1, " s", 1))
    return ["seeds", "test error", "training error", "test loss", *names, "time"], rows


def each_run(summary: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """(rule, figures) of each run: seed, test error, training error, steps."""
    rows = []
    for run in summary["runs"]:
        errors = [_spread([run.get(metric)], 100, " %") for metric in ("test_error", "train_error")]
        errors[0] += _tested([run])
        rows.append((run["rule"], [str(run["seed"]), *errors, f"{run['steps']:,}"]))
    return rows


def _angle(runs: list[dict[str, Any]], layer: str) -> str:
    return _spread([_last_angle(run, layer) for run in runs], 1, "°", 1) + _measured_at(runs, FIRST, layer)


def _last_angle(run: dict[str, Any], layer: str) -> float | None:
    return last_measured(run, ANGLES[FIRST], layer)[0]


def _tested(runs: list[dict[str, Any]]) -> str:
    """The step of the test errors, where they are older than the runs. Reports of an earlier lab do not tell."""
    return max(older(run, run.get("tested_at")) for run in runs)


def _measured_at(runs: list[dict[str, Any]], metric: str, layer: str) -> str:
    """The same of what is measured by layer."""
    return max(older(run, last_measured(run, ANGLES.get(metric, metric), layer)[1]) for run in runs)


def _range(runs: list[dict[str, Any]], found: list[str]) -> str:
    known = [angle for run in runs for layer in found if (angle := _last_angle(run, layer)) is not None]
    return f"{min(known):.0f}° to {max(known):.0f}°{_measured_at(runs, FIRST, found[0])}" if known else "–"


def _spread(values: list[float | None], factor: int, unit: str, digits: int = 2) -> str:
    known = [factor * value for value in values if value is not None]
    if not known:
        return "–"
    mean, spread = mean_and_spread(known)
    return " ± ".join(written(one, digits) for one in ((mean, spread) if len(known) > 1 else (mean,))) + unit


def measured(summary: dict[str, Any]) -> tuple[list[str], list[tuple[str, list[str]]]]:
    """(names, (rule, figures)): what was last measured, mean over seeds, in the first and the last hidden layer and the whole
    network, as far as there is such a value. Reports of an earlier lab have fewer."""
    by_rule = {rule: [run for run in summary["runs"] if run["rule"] == rule] for rule in rules(summary)}
    names = [name for name in MEASURED if any(_layers_of(run, MEASURED[name]) for run in summary["runs"])]
    return names, [(rule, [_measured(runs, MEASURED[name]) for name in names]) for rule, runs in by_rule.items()]


def _layers_of(run: dict[str, Any], metric: str) -> dict[str, list[float | None]]:
    if metric in ANGLES:
        return run["angles"].get(ANGLES[metric], {})
    return run.get("measures", {}).get(metric, {})


def _measured(runs: list[dict[str, Any]], metric: str) -> str:
    series = [_layers_of(run, metric) for run in runs]
    hidden = [layer for layer in layers({"runs": runs}) if layer in series[0]]
    ends = [hidden[0], hidden[-1]] if len(hidden) > 1 else hidden
    shown = [*ends, WHOLE] if WHOLE in series[0] else ends
    texts = []
    for layer in shown:
        known = [last for run in runs if (last := last_measured(run, ANGLES.get(metric, metric), layer)[0]) is not None]
        figure = _figure(metric, mean_and_spread(known)[0]) if len(known) == len(series) else "–"
        texts.append(f"all {figure}" if layer == WHOLE else figure)
    return (" · ".join(texts) or "–") + (_measured_at(runs, metric, shown[0]) if shown else "")


def _figure(metric: str, value: float) -> str:
    return FIGURES.get(METRICS[metric][0], "{:.2g}").format(value)
