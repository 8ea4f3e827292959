"""Hold a part of the training set out, to test on it in place of the test set; train on a subset of the rest."""

from dataclasses import replace

import torch
from torch.nn.functional import one_hot

from dfa_lab.data import catalog
from dfa_lab.data.about import Facts
from dfa_lab.data.dataset import DataSet
from dfa_lab.data.errors import DataError
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.wording import label

MOST_HELD_OUT = 10_000


def facts_of(experiment: Experiment) -> Facts:
    """Facts of the experiment's data set as published; `train` and `test` count what it trains and tests on.

    Raises KeyError if no set has this name.
    """
    facts = split_facts(experiment)
    return replace(facts, train=min(facts.train, experiment.train_samples or facts.train))


def split_facts(experiment: Experiment) -> Facts:
    """The same, before a subset of the training set is taken."""
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


def subset(data: DataSet, count: int, seed: int) -> DataSet:
    """`data` with `count` samples of its training set, in their order there; all that it tests on stays.

    `seed` shuffles them; then each class gives its first sample, then each its second, and so on: classes differ by one at
    most, but for those that have no more. A smaller subset of the same seed is a part of a larger one. Raises DataError where
    there are not so many, as an incomplete set may have fewer than was published.
    """
    if (there := len(data.y_train)) < count:
        raise DataError(
            f"{data.facts.title} cannot give {count:,} training {data.facts.samples} because its files hold {there:,} to train "
            f"on: give at most so many with {label('train_samples')}, or replace the files with the published ones."
        )
    order = torch.randperm(len(data.y_train), generator=generator(seed, "subset"))
    classes = data.y_train[order]
    rounds = one_hot(classes).cumsum(0).gather(1, classes[:, None]).squeeze(1)  # 1 for the first sample of its class, …
    taken = order[rounds.argsort(stable=True)[:count]].sort().values
    return replace(data, facts=replace(data.facts, train=count), x_train=data.x_train[taken], y_train=data.y_train[taken])


def _split(facts: Facts) -> Facts:
    held = min(MOST_HELD_OUT, max(1, facts.train // 5))
    return replace(facts, train=facts.train - held, test=held)
