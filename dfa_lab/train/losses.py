"""Losses: what the training batches have cost each run since the last record, and which runs can go on."""

from collections.abc import Iterator, Mapping, Sequence

import torch

from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.run import Run
from dfa_lab.train.tally import take_all

DIVERGED = "diverged by step"  # in the sentence of Diverged


class Diverged(ArithmeticError):
    """No run is left whose loss is a finite number; the text says which, when and what to do."""


class Losses:
    """For the runs of one experiment, by their numbers."""

    def __init__(self, experiment: Experiment, runs: Sequence[Run]):
        self._experiment, self._runs = experiment, runs
        self._recorded = 0  # samples seen at the last record
        self._wrong = [0.0] * len(runs)  # among the samples that each run was trained on in this epoch
        self.failed: dict[int, str] = {}  # runs that diverged and are trained no further, with a sentence; the others go on

    def taken(
        self, active: Sequence[tuple[int, Run]], samples: int, step: int, rate: float
    ) -> Iterator[tuple[int, str, float]]:
        """(number, metric, value) of the batches since the last time; `samples` seen, at the learning rate `rate`, so far.

        Raises Diverged, after all of them, when no run has a finite loss any more.
        """
        since, self._recorded = samples - self._recorded, samples
        kinds = ["", "_adversarial"] if self._experiment.eps else [""]
        taken = [take_all([run.moved if kind else run.clean for _, run in active]) for kind in kinds]
        sums = iter(torch.stack(taken, 1).flatten(0, 1).tolist())
        for number, _ in active:
            for kind in kinds:
                loss, wrong = next(sums)
                if not self.finite(number, loss, step, rate):
                    continue
                yield number, f"train_loss{kind}", loss / since
                yield number, f"train_error{kind}", wrong / since
                self._wrong[number] += wrong if kind == kinds[-1] else 0  # of what it was trained on
        self.require_one()

    def begin_anew(self, samples: int, adversarial: bool) -> None:
        """The next record begins here, as what is tallied is another from now on; `adversarial`: it was before."""
        for number, run in enumerate(self._runs):
            clean, moved = run.clean.take(), run.moved.take()
            self._wrong[number] += float((moved if adversarial else clean)[1])
        self._recorded = samples

    def end_epoch(self, number: int) -> float:
        """How many of the epoch's samples the run got wrong; the next epoch begins with none."""
        wrong, self._wrong[number] = self._wrong[number], 0.0
        return wrong

    def finite(self, number: int, loss: float, step: int, rate: float) -> bool:
        """Whether a run can go on; one that cannot is noted, once."""
        if abs(loss) < float("inf"):
            return number not in self.failed
        rule, seed = self._experiment.runs()[number]
        sentence = (
            f"{rule} (seed {seed}) {DIVERGED} {step}: its loss is no longer a finite number. "
            f"Start again with a learning rate below {rate:g}."
        )
        self.failed.setdefault(number, sentence)
        return False

    def require_one(self) -> None:
        """Raises Diverged where every run has failed."""
        if len(self.failed) == len(self._runs):
            raise Diverged(next(iter(self.failed.values())))

    def state(self) -> dict[str, object]:
        """What is saved with a trainer: counts and failures, copied."""
        failed = {str(number): sentence for number, sentence in self.failed.items()}
        return {"recorded": self._recorded, "wrong": list(self._wrong), "failed": failed}

    def restore(self, numbers: Mapping) -> None:
        """Continue from a `state`."""
        self._recorded, self._wrong = numbers["recorded"], list(numbers["wrong"])
        self.failed = {int(number): sentence for number, sentence in numbers.get("failed", {}).items()}
