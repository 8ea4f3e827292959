"""What a trainer finds out between two steps, run by run, so that others get their turn: the test set's errors, and angles."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import product

import torch
from torch import Tensor

from dfa_lab import data
from dfa_lab.data.augmentation import augment
from dfa_lab.measure.probe import Values, probe
from dfa_lab.measure.update_angles import Angles
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.grouping import Together
from dfa_lab.train.stacked.probe_fleet import measurable, probed
from dfa_lab.train.stacked.weights_before import Noted

# Samples of a probe batch on which all runs of a fleet are measured together, at most: it takes memory and a long turn.
MOST_AT_ONCE = 512
Active = Sequence[tuple[int, Run]]  # (number, run) of those that are trained
Probes = Mapping[int, tuple[Tensor, Tensor]]  # seed -> x (N, …), t (N,)
Updates = dict[int, Callable[[], Angles]]  # of the step just made, by run


def tested(
    active: Active, dataset: data.DataSet, experiment: Experiment, step: int, at_once: int, dtype: torch.dtype
) -> Iterator[list[list[tuple[float, float]]] | None]:
    """None after every part, of `at_once` samples; at last of each run the mean (loss, error) on the test set.

    With adversarial training each run has two of them: as the samples are, and moved by ε against its network.
    """
    x, t = dataset.x_test, dataset.y_test
    sums = torch.zeros(len(active), 2 if experiment.eps else 1, 2, dtype=torch.float64, device=x.device)
    for start in range(0, len(x), at_once):
        rows = slice(start, start + at_once)
        inputs = dataset.inputs(x[rows], dtype)
        if experiment.augment and experiment.exact:  # dfa-torch does
            inputs = augment(inputs, generator(experiment.seeds[0], "augment test", step, start), True)
        for (place, (_, run)), moved in product(enumerate(active), range(sums.shape[1])):
            sums[place, moved] += run.evaluate_moved(inputs, t[rows]) if moved else run.evaluate(inputs, t[rows])
            yield None
    yield (sums / len(x)).tolist()


def noted(fleet: Fleet, numbers: Sequence[int], runs: Sequence[Run], batches: Probes, step: int) -> Updates:
    """Before a fleet's step after this many: what gives the angles of what it is going to do."""
    if measurable(fleet):
        before = Noted(fleet, batches, step)
        return {number: partial(before.of, run) for number, run in zip(numbers, runs, strict=True)}
    return {number: run.note(*batches[run.seed], step).angles for number, run in zip(numbers, runs, strict=True)}


def measured(
    active: Active,
    together: Together,
    probes: Probes,
    experiment: Experiment,
    groups: Collection[str],
    updates: Updates,
) -> Iterator[tuple[int, Values]]:
    """(number, values) of each run; (number, nothing) after a part that is of several."""
    found: dict[int, Values] = {}
    at_once = experiment.probe_size <= MOST_AT_ONCE and set(groups) - {"update"}
    for numbers, fleet in together if at_once else ():
        if fleet and measurable(fleet):
            number_of = {id(run): number for number, run in active}
            found |= {number_of[id(run)]: values for run, values in probed(fleet, probes, groups)}
            yield numbers[0], {}
    for number, run in active:
        if (values := found.pop(number, None)) is None:
            run.network.mode(training=False)  # it is passed through
            values = probe(run.rule, run.network, experiment.criterion, *probes[run.seed], groups)
        if number in updates:
            values |= {("update_angle", layer): degrees for layer, degrees in updates.pop(number)().items()}
        yield number, values
