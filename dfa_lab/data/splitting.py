"""Hold a part of the training set out, to test on it in place of the test set."""

from dataclasses import replace

import torch

from dfa_lab.data import catalog
from dfa_lab.data.about import Facts
from dfa_lab.data.dataset import DataSet
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment

MOST_HELD_OUT = 10_000


def facts_of(experiment: Experiment) -> Facts:
    """Facts of the experiment's data set as published; `train` and `test` count what it trains and tests on.

    Raises KeyError if no set has this name.
    """
    facts = catalog.whole(experiment)
    return _split(facts) if experiment.hold_out else facts


def hold_out(data: DataSet, seed: int | None) -> DataSet:
    """`data` with a part of its training set as its test set; its own test set is not used.

    Both parts keep the order of the training set. `seed` fixes which samples are held out; None: the last ones, as in
    dfa-torch.
    """
    facts = _split(data.facts)
    if seed is None:
        train, test = slice(facts.train), slice(facts.train, None)
    else:
        order = torch.randperm(len(data.x_train), generator=generator(seed, "hold out"))
        test, train = order[: facts.test].sort().values, order[facts.test :].sort().values
    return replace(
        data,
        facts=facts,
        x_train=data.x_train[train],
        y_train=data.y_train[train],
        x_test=data.x_train[test],
        y_test=data.y_train[test],
    )


def _split(facts: Facts) -> Facts:
    held = min(MOST_HELD_OUT, max(1, facts.train // 5))
    return replace(facts, train=facts.train - held, test=held)
