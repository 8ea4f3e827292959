"""Results: what a headless training leaves behind, as one JSON-able dict, built from the records."""

import platform
from collections.abc import Iterable

import torch

from dfa_lab.machine.device import title
from dfa_lab.records import MEASURED, METRICS, Record
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.epoch_means import OF_BATCHES

SHORT = {"signal_angle_std": "signal_std", "signal_angle_chance": "signal_chance", "gradient_angle": "weight_gradient"}
ANGLES = {name: SHORT.get(name, name.removesuffix("_angle")) for name, (unit, _) in MEASURED.items() if unit == "degrees"}
MEASURES = tuple(name for name, (unit, _) in MEASURED.items() if unit != "degrees")  # by layer, but no angles
TRAINING = OF_BATCHES  # an epoch's is the mean over all of its samples
TESTED = ("test_error", "test_loss", "test_error_adversarial", "test_loss_adversarial")
WHOLE = "all"  # stands for a layer where an angle is that of the whole network


def versions() -> dict[str, str]:
    """What may change a result."""
    return {"python": platform.python_version(), "torch": torch.__version__, "platform": platform.platform()}


def of_whole_epochs(record: Record) -> bool:
    """Whether it is a test error at an epoch's end, or at the start, and not one from within the first epoch."""
    return record.metric == "test_error" and float(record.epoch).is_integer()


class Results:
    """Takes records as they come; `summary` may be asked for at any time."""

    def __init__(self, experiment: Experiment, device: torch.device):
        self.experiment = experiment
        self.device = device
        self._latest: list[dict[tuple[str, int | None], Record]] = [{} for _ in experiment.runs()]
        self._epochs: list[list[dict]] = [[] for _ in experiment.runs()]
        self._sums: list[dict[str, float]] = [{} for _ in experiment.runs()]  # of the training metrics over this epoch
        self._samples: list[dict[str, int]] = [{} for _ in experiment.runs()]  # counted at their last record

    def add(self, records: Iterable[Record]) -> None:
        """A test error at its end closes an epoch: what was last measured in it is the epoch's row."""
        ended: dict[int, Record] = {}
        for record in records:
            self._latest[record.run][record.metric, record.layer] = record
            if record.metric in TRAINING and record.value is not None:
                sums, counted = self._sums[record.run], self._samples[record.run]
                new = record.samples - counted.get(record.metric, 0)
                sums[record.metric] = sums.get(record.metric, 0.0) + record.value * new
                counted[record.metric] = record.samples
            if record.step and of_whole_epochs(record):
                ended[record.run] = record
        for run, record in ended.items():
            self._epochs[run].append({"epoch": round(record.epoch), **self._row(run, record)})

    def _row(self, run: int, last: Record) -> dict:
        latest = self._latest[run]
        before = self._epochs[run][-1] if self._epochs[run] else {"samples": 0, "steps": -1}
        by_layer: dict[str, dict[str, dict[str, float | None]]] = {"angles": {}, "measures": {}}
        measured_at: dict[str, int | None] = {}
        for (metric, layer), record in latest.items():
            if metric not in MEASURED:
                continue
            kind, name = ("angles", ANGLES[metric]) if metric in ANGLES else ("measures", metric)
            now = record.step > before["steps"]  # or it is an earlier epoch's
            by_layer[kind].setdefault(name, {})[WHOLE if layer is None else str(layer)] = record.value if now else None
            measured_at[name] = record.step if now else measured_at.get(name)
        errors = {m: latest[m, None].value for m in TESTED if (m, None) in latest}
        errors |= {m: total / (last.samples - before["samples"]) for m, total in self._sums[run].items()}
        self._sums[run] = {}
        took = {"seconds": last.seconds, "steps": last.step, "samples": last.samples}
        return {**errors, **took, "measured_at": measured_at, **by_layer}

    def _so_far(self, run: int) -> dict:
        latest, sums, counted = self._latest[run], self._sums[run], self._samples[run]
        errors = {m: latest[m, None].value if (m, None) in latest else None for m in TESTED[:2]}
        errors |= {m: sums[m] / counted[m] if m in sums else None for m in TRAINING[:2]}
        newest = max(latest.values(), key=lambda record: record.step, default=None)
        tested = latest.get(("test_error", None))
        took = {"seconds": 0.0, "steps": 0, "samples": 0, "tested_at": None if tested is None else tested.step}
        if newest is not None:
            took |= {"seconds": newest.seconds, "steps": newest.step, "samples": newest.samples}
        return {**errors, **took}

    def summary(self) -> dict:
        """settings, versions, device, units and, for each run, its last whole epoch's figures and every epoch's.

        Before the first epoch has ended a run's figures are what was measured so far, None where that is nothing; `tested_at`
        is the step of its test error.

        A run's `angles` are metric -> layer -> [degrees in each epoch]; the layer "all" is the whole network. Its `measures`
        are the other figures by layer. `measured_at` has metric -> [step in each epoch] for both: None, as the values are, for
        an epoch in which that was not measured. (Epochs that an earlier lab has trained have no step.)
        """
        runs = []
        for (rule, seed), epochs in zip(self.experiment.runs(), self._epochs, strict=True):
            last = epochs[-1] if epochs else self._so_far(len(runs))
            by_layer = {kind: _by_layer(epochs, kind) for kind in ("angles", "measures")}
            names = [metric for of in by_layer.values() for metric in of]
            steps = {metric: [row.get("measured_at", {}).get(metric) for row in epochs] for metric in names}
            figures = {key: last[key] for key in last if key not in (*by_layer, "measured_at", "epoch")}
            figures = {"tested_at": last["steps"]} | figures
            runs.append({"rule": rule, "seed": seed, **figures, "measured_at": steps, **by_layer, "epochs": epochs})
        return {
            "settings": self.experiment.model_dump(mode="json"),
            "versions": versions(),
            "device": {"name": str(self.device), "title": title(self.device)},
            "units": {
                "errors": "fraction of samples",
                "angles": "degrees",
                "measures": {name: METRICS[name][0] for name in MEASURES},
                "seconds": "seconds spent in training steps",
            },
            "runs": runs,
        }


def last_measured(run: dict, metric: str, layer: str) -> tuple[float | None, int | None]:
    """(value, step) of what was last measured, of a run of a summary; `metric` as its angles and measures are named.

    The step is None where it was never measured, and in a summary of an earlier lab, which does not tell.
    """
    values = (run["angles"] | run.get("measures", {})).get(metric, {}).get(layer, [])
    steps = run.get("measured_at", {}).get(metric, []) if values else []
    steps = steps or [None] * len(values)
    known = [(value, step) for value, step in zip(values, steps, strict=True) if step is not None]
    return known[-1] if known else (values[-1] if values else None, None)


def older(run: dict, step: int | None) -> str:
    """ " (step 414)" for a figure that is older than the run, else nothing."""
    return "" if step in (None, run["steps"]) else f" (step {step:,})"


def _by_layer(epochs: list[dict], kind: str) -> dict[str, dict[str, list[float | None]]]:
    """metric -> layer -> [value after each epoch]; None before it was first measured."""
    return {
        metric: {layer: [row[kind].get(metric, {}).get(layer) for row in epochs] for layer in layers}
        for metric, layers in (epochs[-1][kind] if epochs else {}).items()
    }
