"""A part of the training set that is held out takes the place of the test set."""

import pytest
import torch

from dfa_lab import data
from dfa_lab.seeding import generator
from dfa_lab.settings.parsing import parse
from tests.data.data_files import load


@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        ("mnist", 50_000, 10_000),
        ("cifar10", 40_000, 10_000),
        ("stl10", 4_000, 1_000),
        ("digits", 1_150, 287),
        ("xor", 800, 200),
    ],
)
def test_facts_of_an_experiment(name: str, train: int, test: int):
    held_out, whole = data.facts_of(parse({"dataset": name, "hold_out": True})), data.facts(name)
    assert (held_out.train, held_out.test) == (train, test)
    assert (held_out.title, held_out.shape, held_out.classes) == (whole.title, whole.shape, whole.classes)
    assert data.facts_of(parse({"dataset": name})) == whole
    assert data.facts_of(parse({"dataset": "spirals", "classes": 4})).classes == 4


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("name", ["digits", "moons"])
def test_both_parts_are_the_training_set(name: str, exact: bool):
    whole, loaded = load(name), load(name, hold_out=True, exact=exact)
    assert loaded.facts == data.facts_of(parse({"dataset": name, "hold_out": True}))
    assert (len(loaded.x_train), len(loaded.y_train)) == (loaded.facts.train,) * 2
    assert (len(loaded.x_test), len(loaded.y_test)) == (loaded.facts.test,) * 2
    both = torch.cat([loaded.x_train, loaded.x_test]).flatten(1)
    rows, back = torch.cat([both, whole.x_train.flatten(1)]).unique(dim=0, return_inverse=True)
    assert len(rows) == len(whole.x_train)  # digits and points are all different
    ours, theirs = back[: len(both)], back[len(both) :]
    assert torch.equal(ours.sort().values, theirs.sort().values)
    label = torch.zeros(len(rows), dtype=torch.int64).index_put((theirs,), whole.y_train)
    assert torch.equal(torch.cat([loaded.y_train, loaded.y_test]), label[ours])


def test_the_seed_of_the_split_draws_it():
    first, same, other = (
        load("digits", hold_out=True, split_seed=seed, seeds=seeds) for seed, seeds in ((0, 0), (0, 5), (1, 0))
    )
    assert torch.equal(first.x_test, same.x_test)
    assert not torch.equal(first.x_test, other.x_test)
    held = torch.randperm(1437, generator=generator(1, "hold out"))[:287].sort().values
    assert torch.equal(other.x_test, load("digits").x_train[held])


def test_exactly_the_last_ones():
    whole, loaded = load("digits"), load("digits", hold_out=True, exact=True, split_seed=3)
    assert torch.equal(loaded.x_train, whole.x_train[:1150]) and torch.equal(loaded.x_test, whole.x_train[1150:])
    assert torch.equal(loaded.y_train, whole.y_train[:1150]) and torch.equal(loaded.y_test, whole.y_train[1150:])


@pytest.mark.parametrize("kind", ["scale", "simple", "channel", "image"])
def test_what_is_held_out_does_not_count_in_the_statistics(kind: str):
    # with this seed the least of all is held out
    loaded, whole = load("moons", hold_out=True, split_seed=1, normalization=kind), load("moons", normalization=kind)
    x = loaded.x_train.double()
    known = {"scale": x.min(), "simple": x.mean(), "channel": x.mean(0), "image": x.mean(0)}[kind]
    torch.testing.assert_close(loaded.offset.double().squeeze(), known, rtol=1e-6, atol=1e-6)
    assert not torch.equal(whole.offset, loaded.offset)
