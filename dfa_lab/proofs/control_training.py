"""The control of proof 4, trained until its error no longer falls, at the best of a few learning rates.

A readout on frozen layers learns slowly. What a rule has in a short training beyond a control trained as shortly may be speed
alone; what it has beyond this one is not.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dfa_lab import data, feedback
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.epoch_means import EpochMeans
from dfa_lab.train.run import Run
from dfa_lab.train.trainer import Diverged, Trainer

RATES = (1, 3, 10)  # times that of the settings: a readout alone bears larger ones
PATIENCE = 30  # epochs without a lower training error than ever before
MOST_EPOCHS = 300
LONGER = 10  # times the seconds of the short training, for all rates together


@dataclass(frozen=True)
class Progress:
    """`share` of the time or the steps that is done; `left` in seconds."""

    step: int
    share: float
    left: float


@dataclass(frozen=True)
class Trained:
    """The control after its training at one rate. `error`: over all training samples of its last epoch, as they came."""

    run: Run
    rate: float
    epochs: int
    error: float
    settled: bool  # its error had stopped falling

    def words(self) -> str:
        """How it was trained, to be put behind "the control"."""
        how = f"trained for {self.epochs} epochs at rate {self.rate:g}"
        return f"{how}, until its error no longer fell" if self.settled else f"{how}, while its error may still have fallen"


class ControlTraining:
    """Iterate over it to train; `best` is None before the first epoch's end."""

    def __init__(self, experiment: Experiment, seconds: float, dataset: data.DataSet, most_epochs: int = MOST_EPOCHS):
        """`experiment`: that of the short training; `seconds`: the time of the short training."""
        self._experiment, self._data, self._most = experiment, dataset, most_epochs
        self._seconds = LONGER * seconds / len(RATES)  # for each rate
        self._trained: dict[float, Trained] = {}  # by rate

    @property
    def best(self) -> Trained | None:
        """What has the least training error of the rates so far."""
        return min(self._trained.values(), key=lambda one: one.error, default=None)

    def __iter__(self) -> Iterator[Progress]:
        """One optimiser step at a time. A rate at which the control diverges is left out."""
        for number, times in enumerate(RATES):
            changes = {
                "rules": (feedback.control(),),
                "epochs": self._most,
                "learning_rate": self._experiment.learning_rate * times,
            }
            trainer = Trainer(self._experiment.model_copy(update=changes), self._data)
            # two test samples are enough for tests of which nobody asks the outcome
            trainer.data = replace(trainer.data, x_test=trainer.data.x_test[:2], y_test=trainer.data.y_test[:2])
            for done in self._train(trainer):
                share = (number + done) / len(RATES)
                yield Progress(trainer.step, share, (1 - share) * len(RATES) * self._seconds)

    def _train(self, trainer: Trainer) -> Iterator[float]:
        """At one rate; the share of it that is done, after each step."""
        began, rate, lowest, since = time.monotonic(), trainer.learning_rate, float("inf"), 0
        errors, samples = EpochMeans(), trainer.plan.size
        try:
            for records in trainer:
                for one in records:
                    if one.metric != "train_error" or (mean := errors.ended(one)) is None:
                        continue
                    error = round(mean * samples) / samples  # what rounds otherwise has not fallen
                    lowest, since = (error, 0) if error < lowest else (lowest, since + 1)
                    self._trained[rate] = Trained(trainer.runs[0], rate, round(one.epoch), error, since >= PATIENCE)
                past = (time.monotonic() - began) / self._seconds
                if since >= PATIENCE or past > 1:
                    return
                yield min(1.0, max(past, trainer.step / trainer.steps))
        except Diverged:
            self._trained.pop(rate, None)
