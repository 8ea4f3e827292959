"""What a trainer finds out between two steps, run by run, so that others get their turn: errors on the test set, measures."""

from collections.abc import Collection, Iterator, Sequence
from itertools import product

import torch

from dfa_lab import data, measure
from dfa_lab.data.augmentation import augment
from dfa_lab.measure.seen import Values
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.run import Run
from dfa_lab.train.stepper import Batches, Group, Watched

Active = Sequence[tuple[int, Run]]  # (number, run) of those that are trained


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


def measured(
    active: Active,
    together: Sequence[Group],
    probes: Batches,
    groups: Collection[str],
    watched: Watched,
) -> Iterator[tuple[int, Values]]:
    """(number, values) of each run; (number, nothing) after a part that is of several.

    `watched`: what is to be found of the step just made, taken out of it.
    """
    found: dict[int, Values] = {}
    turns: dict[int, Iterator[list[tuple[Run, Values]]]] = {}  # by run, one for all of a group
    for numbers, stepper in together if measure.chosen(groups) else ():
        turns |= dict.fromkeys(numbers, stepper.probe(probes, groups))
    for number, run in active:
        while id(run) not in found and number in turns and (part := next(turns[number], None)) is not None:
            found |= {id(one): values for one, values in part}
            if len(part) > 1:
                yield number, {}
        values = found.pop(id(run), {})
        if id(run) in watched:
            values |= watched.pop(id(run))()
        yield number, values
