"""Plan: how many steps an experiment has, and after which of them something is recorded."""

from math import ceil

from dfa_lab import registry
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.measure_settings import KINDS
from dfa_lab.settings.network_settings import USED
from dfa_lab.settings.training_settings import MOST_EPOCHS

MOST_POINTS = 1000  # of a curve, unless the experiment asks for more angles
NAMES, NEEDS = (registry.declared(KINDS, constant) for constant in ("NAME", "NEEDS"))
# What measuring costs, in training steps of the same run (benchmarks/measuring.py); where it passes through the network, with 2
# probe samples for each of the batch. "angles" has a rule of its own.
COSTS = {NAMES[kind]: cost for kind, cost in registry.declared(KINDS, "COST").items()}
COSTS_ON_GPU = {NAMES[kind]: cost for kind, cost in registry.declared(KINDS, "COST_ON_GPU").items()}  # (benchmarks/gpu.py)
BEGINNING = {NAMES[kind]: choice for kind, choice in registry.declared(KINDS, "BEGINS").items()}  # before the first step
PROBED = {NAMES[kind] for kind, needs in NEEDS.items() if "hidden" in needs}  # for as long as the probe batch is large
SPARE = 0.0075  # share of the training that these may cost
FEWEST = 6  # of their intervals, even where that is expensive: their curves are to be seen
SPARE_FOR_TESTS = 0.02  # share of the training that tests within its first epoch may cost
# In a training of fewer steps a few measurements at its start and end are a large part, and most such networks are so narrow
# that they cost more than above. Its angles are rarer, and the others are not as rare as in a long one: there would be none.
SHORT = 2000
SPARE_IF_SHORT, FEWEST_IF_SHORT = 0.0125, 2
EARLY = 8  # steps, after which such a training is measured for the first time
UNTIL_STOPPED = 1000  # epochs, for the density of the curves of an experiment without an end


class Plan:
    """For `train` samples to learn from; `on_gpu` counts for what is measured alone, `test` samples for how often."""

    def __init__(self, experiment: Experiment, train: int, on_gpu: bool = False, test: int = 0):
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
        # A test passes forward alone, about a third of a step for as many samples.
        most = int(SPARE_FOR_TESTS * planned * 3 * batch / test) if test else 0
        halvings = min(most, self.steps_per_epoch.bit_length() - 1)  # down to the first step
        self._early_tests = frozenset(self.steps_per_epoch >> n for n in range(1, halvings + 1))
        self._measures = frozenset(experiment.measures)
        self._asked = experiment.measure_every  # for an interval: then everything is measured whenever anything is
        self._short = self.steps < SHORT and not self._asked
        # By hand (stacked/probe_fleet.py) angles take 0.9 to 1.5·probe/batch steps, through autograd up to 2.6 (benchmarks/
        # measuring.py): so they cost about a twentieth of the training, or up to a tenth.
        by_hand = "num_hidden" in USED.get(experiment.network, ()) and experiment.batchnorm != 1
        rarely = (32 if self._short else 24) if by_hand else (40 if self._short else 30)
        cheap = max(10, ceil(rarely * experiment.probe_size / batch), planned // MOST_POINTS)
        self.measure_every = self._asked or self._in_step(cheap)
        probe = experiment.probe_size / batch / 2
        costs = COSTS_ON_GPU if on_gpu else COSTS
        cost = sum(costs[name] * (probe if name in PROBED else 1) for name in self._measures & costs.keys())
        spare, fewest = (SPARE_IF_SHORT, FEWEST_IF_SHORT) if self._short else (SPARE, FEWEST)
        wanted = min(ceil(round(cost / spare, 6)), planned // fewest)
        self.others_every = self._asked or self._in_step(max(cheap, wanted), self.measure_every)

    def _in_step(self, wanted: int, shorter: int = 0) -> int:
        """An interval in steps, about as long, at which epochs end: an even part of an epoch, or several epochs; then one of
        `shorter` ends too, if that is epochs."""
        if wanted > self.steps_per_epoch:
            unit = max(self.steps_per_epoch, shorter)
            return unit * ceil(wanted / unit - 0.1)
        return ceil(self.steps_per_epoch / (self.steps_per_epoch // wanted))

    def epoch(self, step: int) -> float:
        """Passes through the training set after this many steps, with fractions."""
        whole, position = divmod(step, self.steps_per_epoch)
        return whole + min(1.0, position * self.batch / self.size)

    def tests_after(self, step: int) -> bool:
        """Whether the test set is evaluated: at the end of every `test_every` epochs and at the very end, and after 1/2, 1/4,
        1/8, … of the first epoch, in which most is learnt, as far as that is cheap beside the whole training."""
        return step in self._early_tests or self._closes_tested_epoch(step)

    def _closes_tested_epoch(self, step: int) -> bool:
        epoch, position = divmod(step, self.steps_per_epoch)
        return step > 0 and position == 0 and (epoch % self.test_every == 0 or step == self.steps)

    def groups_after(self, step: int) -> frozenset[str]:
        """What of the setting `measures` is measured: at the intervals, at the end, and after every test if an interval was
        asked for. Alignment turns first, within a few steps, so until the first interval is over the angles are measured after
        1, 2, 4, 8, … steps too, and the others after 1, 4, 16, …; in a short training once.
        """
        if step == 0:
            return self._measures | {name for name, choice in BEGINNING.items() if choice in self._measures}
        others, angles = (1, 1) if self._asked else (0, 0) if self._short else (2, 1)
        if self._due(step, self.others_every, others):
            return self._measures
        if self._due(step, self.measure_every, angles):
            return self._measures & {"angles"}
        once = self._short and step == EARLY < self.measure_every
        return self._measures & {"angles", "update"} if once else frozenset()  # after step 0 there was no update yet

    def _due(self, step: int, every: int, doublings: int) -> bool:
        """`doublings` from one of the first steps to the next; 0: there are none."""
        if step in (0, self.steps) or (self._asked and self._closes_tested_epoch(step)):
            return True
        if doublings and 3 * step <= 2 * every and step & (step - 1) == 0:  # a power of two, not close to the interval's end
            return (step.bit_length() - 1) % doublings == 0
        if not self._asked and 2 * (self.steps - step) < every:
            return False  # the end is close
        within = step if self._asked or every > self.steps_per_epoch else step % self.steps_per_epoch
        return within % every == 0
