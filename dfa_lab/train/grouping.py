"""Which runs make their steps together, and which by themselves: a rule that was measured (benchmarks/fleet.py)."""

from collections.abc import Sequence

from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.autograd.autograd_stepper import AutogradStepper
from dfa_lab.train.run import Run
from dfa_lab.train.stacked import from_network
from dfa_lab.train.stacked.stacked_stepper import StackedStepper
from dfa_lab.train.stepper import Group

# On a CPU, multiplications of one run's largest layer in a step, at most: a wider one fills the cores by itself.
NARROW = 4_000_000


def groups(runs: Sequence[tuple[int, Run]], experiment: Experiment, by_hand: bool = True) -> list[Group]:
    """All of the runs, in the order of their first ones; what is not known to `stacked`, or not `by_hand`: through autograd."""
    known = [(number, run) for number, run in runs if by_hand and from_network.known(experiment, run.network, run.rule)]
    by_itself = {number for number, _ in known}
    made = [Group([number], AutogradStepper(run)) for number, run in runs if number not in by_itself]
    sets: list[list[tuple[int, Run]]] = [[one] for one in known]
    if known and _pays(experiment, known[0][1]):
        learns = [(number, from_network.path(run.rule) != "none") for number, run in known]
        sets = [[one for one, (_, does) in zip(known, learns, strict=True) if does is wanted] for wanted in (True, False)]
    made += [Group([number for number, _ in some], StackedStepper([run for _, run in some])) for some in sets if some]
    return sorted(made, key=lambda group: group.numbers[0])


def _pays(experiment: Experiment, run: Run) -> bool:
    """Whether runs of this network are faster together than one after the other."""
    if experiment.together != "auto":
        return experiment.together == "always"
    if any(W.dim() == 4 for _, W in run.network.weights()):
        return False  # a grouped convolution is slower than several ordinary ones
    return run.device.type == "cuda" or max(run.network.multiplications()) * experiment.batch_size <= NARROW
