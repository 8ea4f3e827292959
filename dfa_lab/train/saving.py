"""Keep a run while it trains, so that it can be continued as if it had never stopped, its results included."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError

from dfa_lab.records import WRONG_ANGLE, Record
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train import checkpoint, saved
from dfa_lab.train.results import Results
from dfa_lab.train.trainer import Trainer

RESULTS, PROGRESS = "results.json", "progress.json"


class LastingResults(Results):
    """Results that can be continued: their epochs are in the summary, all else they depend on in `state`."""

    def state(self, step: int) -> dict[str, Any]:
        """JSON-able; `step` is that of the trainer."""
        return {
            "step": step,
            "latest": [list(latest.values()) for latest in self._latest],
            "sums": self._sums,
            "samples": self._samples,
        }

    def restore(self, state: dict[str, Any], epochs: list[list[dict]]) -> Self:
        """Raises LookupError, TypeError or ValueError for what is no state of this experiment."""
        count = len(self.experiment.runs())
        if not len(epochs) == len(state["latest"]) == len(state["sums"]) == len(state["samples"]) == count:
            raise ValueError("of another experiment")
        records = [[Record(*values) for values in latest] for latest in state["latest"]]
        self._latest = [{(record.metric, record.layer): record for record in latest} for latest in records]
        self._sums, self._samples = [dict(sums) for sums in state["sums"]], [dict(counted) for counted in state["samples"]]
        self._epochs = [[_without_wrong_angles(row) for row in rows] for rows in epochs]
        return self


def _without_wrong_angles(row: dict) -> dict:
    """An epoch as it was written down. A lab of the first revision, which gave wrong angles, dated nothing that it measured."""
    if "measured_at" in row:
        return row
    angles = {
        metric: {layer: None if value == WRONG_ANGLE else value for layer, value in layers.items()}
        for metric, layers in row["angles"].items()
    }
    return {**row, "angles": angles}


def results_of(folder: Path, experiment: Experiment, device: torch.device, step: int) -> LastingResults:
    """The results that a run kept in `folder` had at this step; empty ones where they are not there or damaged."""
    results = LastingResults(experiment, device)
    try:
        states = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
        state = next(state for state in states if state["step"] == step)
        runs = json.loads((folder / RESULTS).read_text(encoding="utf-8"))["runs"]
        return results.restore(state, [[row for row in run["epochs"] if row["steps"] <= step] for run in runs])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration):
        return LastingResults(experiment, device)


class Saving:
    """Writes a trainer and its results to the folder of its experiment's `save`."""

    def __init__(self, trainer: Trainer, results: LastingResults):
        """Makes the folder. Raises OSError."""
        self.folder = saved.folder(trainer.experiment.save)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._trainer, self._results = trainer, results
        self._before: dict[str, Any] = results.state(trainer.step)

    def write(self, summary: dict) -> None:
        """Each file whole or not at all, and in an order in which a kill leaves what can be continued: the last two
        states of the results, of which the net belongs to one. Raises OSError; the net is then the one before.

        Within a step, which is where a failed training stays, only the results are written.
        """
        if not self._trainer.between_steps:
            replace(self.folder / RESULTS, json.dumps(summary, indent=1) + "\n")
            return
        now = self._results.state(self._trainer.step)
        replace(self.folder / PROGRESS, json.dumps([self._before, now]) + "\n")
        replace(self.folder / RESULTS, json.dumps(summary, indent=1) + "\n")
        net = self.folder / saved.NET
        try:
            checkpoint.save(self._trainer, net)
        except (OSError, SafetensorError) as error:
            with suppress(OSError):
                net.with_suffix(".part").unlink(missing_ok=True)
            raise OSError(str(error)) if isinstance(error, SafetensorError) else error from None
        self._before = now


def replace(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: a reader, or a kill, never sees half of one. Raises OSError."""
    part = path.with_name(path.name + ".part")
    try:
        if isinstance(content, str):
            part.write_text(content, encoding="utf-8")
        else:
            part.write_bytes(content)
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
