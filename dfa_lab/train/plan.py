"""Plan: how many steps an experiment has, and after which of them something is recorded."""

from math import ceil

from dfa_lab.config import Experiment
from dfa_lab.settings.training import MOST_EPOCHS

MOST_POINTS = 1000  # of a curve, unless the experiment asks for more angles
# What measuring costs, in training steps of the same run (benchmarks/measuring.py); of the others with 2 probe samples for
# each of the batch. "angles" has a rule of its own.
COSTS = {"update": 1.0, "feedback": 0.1, "units": 0.3, "rank": 1.0}
# On a GPU, whose steps are short: eigenvalues are found one matrix after the other there (benchmarks/gpu.py).
COSTS_ON_GPU = {"update": 6.0, "feedback": 1.5, "units": 1.3, "rank": 30.0}
SPARE = 0.0075  # share of the training that these may cost
SHORT = 1000  # steps of a training in which a few measurements more at its start would be dear
FEWEST = 6  # of their points in a training that is too short for that: its curves are to be seen, and it is soon over
UNTIL_STOPPED = 1000  # epochs, for the density of the curves of an experiment without an end


class Plan:
    """For a training set of `train` samples; `on_gpu` counts for what is measured alone."""

    def __init__(self, experiment: Experiment, train: int, on_gpu: bool = False):
        batch = experiment.batch_size
        self.batch = batch
        self.size = train - train % batch if experiment.drop_last else train  # samples of an epoch
        self.steps_per_epoch = ceil(self.size / batch)
        self.epochs = experiment.epochs - experiment.exact  # dfa-torch stops before the last one
        self.steps = self.steps_per_epoch * self.epochs
        shown = UNTIL_STOPPED if experiment.epochs == MOST_EPOCHS else self.epochs
        planned = self.steps_per_epoch * shown
        self.record_every = max(1, planned // MOST_POINTS)
        self.test_every = ceil(shown / MOST_POINTS)  # epochs
        self._measures = frozenset(experiment.measures)
        self._asked = experiment.measure_every  # for an interval: then everything is measured whenever anything is
        # By hand (fast/probing.py) angles take 0.9 to 1.4·probe/batch steps, through autograd up to 2.6 (benchmarks/
        # measuring.py): so they cost about a twentieth of the training, or up to a tenth.
        by_hand = experiment.network == "mlp" and experiment.batchnorm != 1
        cheap = max(10, ceil((24 if by_hand else 30) * experiment.probe_size / batch), planned // MOST_POINTS)
        self.measure_every = self._asked or self._in_step(cheap)
        probe = experiment.probe_size / batch / 2
        costs = COSTS_ON_GPU if on_gpu else COSTS
        cost = sum(costs[name] * (1 if name in ("update", "feedback") else probe) for name in self._measures & costs.keys())
        wanted = min(ceil(round(cost / SPARE, 6)), planned // FEWEST)
        self.others_every = self._asked or self._in_step(max(cheap, wanted))

    def _in_step(self, wanted: int) -> int:
        """An interval in steps, about as long, at which epochs end: an even part of an epoch, or several epochs."""
        if wanted > self.steps_per_epoch:
            return self.steps_per_epoch * ceil(wanted / self.steps_per_epoch - 0.1)
        return ceil(self.steps_per_epoch / (self.steps_per_epoch // wanted))

    def epoch(self, step: int) -> float:
        """Passes through the training set after this many steps, with fractions."""
        whole, position = divmod(step, self.steps_per_epoch)
        return whole + min(1.0, position * self.batch / self.size)

    def rows(self, position: int) -> slice:
        """Of an epoch's samples: the batch of this number."""
        return slice(position * self.batch, min((position + 1) * self.batch, self.size))

    def tests_after(self, step: int) -> bool:
        """Whether the test set is evaluated: at the end of every so-manieth epoch and at the very end."""
        epoch, position = divmod(step, self.steps_per_epoch)
        return step > 0 and position == 0 and (epoch % self.test_every == 0 or step == self.steps)

    def groups_after(self, step: int) -> frozenset[str]:
        """What of the setting `measures` is measured: at the intervals, at the end, and after every test if an interval was
        asked for. Alignment turns first, within a few steps, so until the first interval is over the angles are measured after
        1, 2, 4, 8, … steps too, and the others, like the angles of a short training, after 1, 4, 16, …
        """
        if self._due(step, self.others_every, 1 if self._asked else 2):
            return self._measures
        often = 1 if self._asked or self.steps >= SHORT else 2
        return self._measures & {"angles"} if self._due(step, self.measure_every, often) else frozenset()

    def _due(self, step: int, every: int, doublings: int) -> bool:
        if step == self.steps or (self._asked and self.tests_after(step)):
            return True
        if 3 * step <= 2 * every and step & (step - 1) == 0:  # a power of two, not close to the first interval's end
            return step == 0 or (step.bit_length() - 1) % doublings == 0
        within = step if self._asked or every > self.steps_per_epoch else step % self.steps_per_epoch
        return within % every == 0
