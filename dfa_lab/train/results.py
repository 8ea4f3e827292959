"""Results: what a headless training leaves behind, as one JSON-able dict, built from the records."""

import platform
from collections.abc import Iterable

import torch

from dfa_lab.machine.device import title
from dfa_lab.records import MEASURED, METRICS, Record
from dfa_lab.settings.experiment import Experiment

SHORT = {"signal_angle_std": "signal_std", "signal_angle_chance": "signal_chance", "gradient_angle": "weight_gradient"}
ANGLES = {name: SHORT.get(name, name.removesuffix("_angle")) for name, (unit, _) in MEASURED.items() if unit == "degrees"}
MEASURES = tuple(name for name, (unit, _) in MEASURED.items() if unit != "degrees")  # by layer, but no angles
TRAINING = (
    "train_loss",
    "train_error",
    "train_loss_adversarial",
    "train_error_adversarial",
)  # an epoch's is the mean over all of its samples
TESTED = ("test_error", "test_loss", "test_error_adversarial", "test_loss_adversarial")
WHOLE = "all"  # stands for a layer where an angle is that of the whole network


def versions() -> dict[str, str]:
    """What may change a result."""
    return {"python": platform.python_version(), "torch": torch.__version__, "platform": platform.platform()}


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
        """A test error closes an epoch: what was last measured until then is the epoch's row."""
        ended: dict[int, Record] = {}
        for record in records:
            self._latest[record.run][record.metric, record.layer] = record
            if record.metric in TRAINING and record.value is not None:
                sums, counted = self._sums[record.run], self._samples[record.run]
                new = record.samples - counted.get(record.metric, 0)
                sums[record.metric] = sums.get(record.metric, 0.0) + record.value * new
                counted[record.metric] = record.samples
            if record.metric == "test_error" and record.step:
                ended[record.run] = record
        for run, record in ended.items():
            self._epochs[run].append({"epoch": round(record.epoch), **self._row(run, record)})

    def _row(self, run: int, last: Record) -> dict:
        latest = self._latest[run]
        angles: dict[str, dict[str, float | None]] = {}
        for (metric, layer), record in latest.items():
            if metric in ANGLES:
                angles.setdefault(ANGLES[metric], {})[WHOLE if layer is None else str(layer)] = record.value
        measures: dict[str, dict[str, float | None]] = {}
        for (metric, layer), record in latest.items():
            if metric in MEASURES:
                measures.setdefault(metric, {})[WHOLE if layer is None else str(layer)] = record.value
        before = self._epochs[run][-1]["samples"] if self._epochs[run] else 0
        errors = {m: latest[m, None].value for m in TESTED if (m, None) in latest}
        errors |= {m: total / (last.samples - before) for m, total in self._sums[run].items()}
        self._sums[run] = {}
        took = {"seconds": last.seconds, "steps": last.step, "samples": last.samples}
        return {**errors, **took, "angles": angles, "measures": measures}

    def _so_far(self, run: int) -> dict:
        latest, sums, counted = self._latest[run], self._sums[run], self._samples[run]
        errors = {m: latest[m, None].value if (m, None) in latest else None for m in TESTED[:2]}
        errors |= {m: sums[m] / counted[m] if m in sums else None for m in TRAINING[:2]}
        newest = max(latest.values(), key=lambda record: record.step, default=None)
        took = {"seconds": 0.0, "steps": 0, "samples": 0}
        if newest is not None:
            took = {"seconds": newest.seconds, "steps": newest.step, "samples": newest.samples}
        return {**errors, **took}

    def summary(self) -> dict:
        """settings, versions, device, units and, for each run, its last whole epoch's figures and every epoch's.

        Before the first epoch has ended a run's figures are what was measured so far, None where that is nothing.

        A run's `angles` are metric -> layer -> [degrees after each epoch]; the layer "all" is the whole network. Its `measures`
        are the other figures by layer. What is measured more rarely than epochs end stands there as it was last.
        """
        runs = []
        for (rule, seed), epochs in zip(self.experiment.runs(), self._epochs, strict=True):
            last = epochs[-1] if epochs else self._so_far(len(runs))
            by_layer = {kind: _by_layer(epochs, kind) for kind in ("angles", "measures")}
            figures = {key: value for key, value in last.items() if key not in (*by_layer, "epoch")}
            runs.append({"rule": rule, "seed": seed, **figures, **by_layer, "epochs": epochs})
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


def _by_layer(epochs: list[dict], kind: str) -> dict[str, dict[str, list[float | None]]]:
    """metric -> layer -> [value after each epoch]; None before it was first measured."""
    return {
        metric: {layer: [row[kind].get(metric, {}).get(layer) for row in epochs] for layer in layers}
        for metric, layers in (epochs[-1][kind] if epochs else {}).items()
    }
