"""Plan: how many steps an experiment has, and after which of them something is recorded."""

from math import ceil

from dfa_lab.config import Experiment
from dfa_lab.settings.training import MOST_EPOCHS

MOST_POINTS = 1000  # of a curve, unless the experiment asks for more angles
# What measuring costs, in training steps of the same run (benchmarks/measuring.py); of the others with 2 probe samples for
# each of the batch. "angles" has a rule of its own.
COSTS = {"update": 1.0, "feedback": 0.1, "units": 0.3, "rank": 1.0}
SPARE = 0.0075  # share of the training that these may cost
UNTIL_STOPPED = 1000  # epochs, for the density of the curves of an experiment without an end


class Plan:
    """For a training set of `train` samples."""

    def __init__(self, experiment: Experiment, train: int):
        batch = experiment.batch_size
        self.batch = batch
        self.size = train - train % batch if experiment.drop_last else train  # samples of an epoch
        self.steps_per_epoch = ceil(self.size / batch)
        self.epochs = experiment.epochs - experiment.exact  # dfa-torch stops before the last one
        self.steps = self.steps_per_epoch * self.epochs
        shown = UNTIL_STOPPED if experiment.epochs == MOST_EPOCHS else self.epochs
        planned = self.steps_per_epoch * shown
        self.record_every = max(1, planned // MOST_POINTS)
        cheap = affordable(experiment.probe_size, batch)
        self.measure_every = experiment.measure_every or max(cheap, planned // MOST_POINTS)
        self.test_every = ceil(shown / MOST_POINTS)  # epochs
        self._measures = frozenset(experiment.measures)
        self._asked = bool(experiment.measure_every)  # for an interval: then everything is measured whenever anything is
        self.others_every = self.measure_every
        if not self._asked:  # a multiple, so that all are there at some steps
            probe = experiment.probe_size / batch / 2
            cost = sum(COSTS[name] * (1 if name in ("update", "feedback") else probe) for name in self._measures & COSTS.keys())
            self.others_every *= max(1, ceil(round(cost / SPARE, 6) / self.measure_every))

    def epoch(self, step: int) -> float:
        """Passes through the training set after this many steps, with fractions."""
        whole, position = divmod(step, self.steps_per_epoch)
        return whole + min(1.0, position * self.batch / self.size)

    def rows(self, position: int) -> slice:
        """Of an epoch's samples: the batch of this number."""
        return slice(position * self.batch, min((position + 1) * self.batch, self.size))

    def measures_after(self, step: int) -> bool:
        """Regularly; and alignment turns first, within a few steps, so after 1, 2, 4, 8, … too until that begins."""
        return _due(step, self.measure_every)

    def tests_after(self, step: int) -> bool:
        """Whether the test set is evaluated: at the end of every so-manieth epoch and at the very end."""
        epoch, position = divmod(step, self.steps_per_epoch)
        return step > 0 and position == 0 and (epoch % self.test_every == 0 or step == self.steps)

    def groups_after(self, step: int) -> frozenset[str]:
        """What of the setting `measures` is measured. The angles also whenever the test set is; the others only if that is
        no more often than they can be afforded."""
        tested = self.tests_after(step)
        rare = tested and (self._asked or self.steps_per_epoch * self.test_every >= self.others_every)
        others = rare or _due(step, self.others_every) or step == self.steps
        if others:
            return self._measures
        return self._measures & {"angles"} if tested or self.measures_after(step) else frozenset()


def _due(step: int, every: int) -> bool:
    return step % every == 0 or (step < every and step & (step - 1) == 0)


def affordable(probe_size: int, batch_size: int) -> int:
    """Steps between two measurements so that they cost under a tenth of the training.

    A measurement passes the probe batch twice forward and twice back through autograd, so as long as about 2.6·probe/batch
    steps by hand.
    """
    return max(10, ceil(30 * probe_size / batch_size))
