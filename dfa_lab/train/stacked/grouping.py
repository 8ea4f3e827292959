"""Which runs make their steps together, and which by themselves: a rule that was measured (benchmarks/fleet.py)."""

from collections.abc import Sequence

from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.run import Run
from dfa_lab.train.stacked import from_network
from dfa_lab.train.stacked.fleet import Fleet

# On a CPU, multiplications of one run's largest layer in a step, at most: a wider one fills the cores by itself.
NARROW = 4_000_000

Together = list[tuple[list[int], Fleet | None]]


def groups(runs: Sequence[tuple[int, Run]], experiment: Experiment) -> Together:
    """(numbers of runs, their fleet) for all of the runs; None: a run that goes through autograd, by itself."""
    known = [(number, run) for number, run in runs if from_network.known(experiment, run.network, run.rule)]
    others: Together = [([number], None) for number, run in runs if not from_network.known(experiment, run.network, run.rule)]
    sets: list[list[tuple[int, Run]]] = []
    if known and _pays(experiment, known[0][1]):
        for learns in (True, False):
            sets.append([(number, run) for number, run in known if (from_network.path(run.rule) != "none") is learns])
    else:
        sets = [[one] for one in known]
    made: Together = [([number for number, _ in some], Fleet([run for _, run in some])) for some in sets if some]
    return sorted([*made, *others], key=lambda group: group[0])


def _pays(experiment: Experiment, run: Run) -> bool:
    """Whether runs of this network are faster together than one after the other."""
    if experiment.together != "auto":
        return experiment.together == "always"
    if any(W.dim() == 4 for _, W in run.network.weights()):
        return False  # a grouped convolution is slower than several ordinary ones
    return run.device.type == "cuda" or max(run.network.multiplications()) * experiment.batch_size <= NARROW
