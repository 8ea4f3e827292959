"""A subset of the training set: how many, which, and that nothing but these counts."""

import numpy as np
import pytest
import torch

from dfa_lab import data
from dfa_lab.data.dataset import DataSet
from dfa_lab.data.splitting import subset
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import describe, parse
from dfa_lab.settings.point_text import Point, encode
from dfa_lab.train.trainer import Trainer
from tests.data.data_files import load, mnist, sentence


def made(labels: list[int]) -> DataSet:
    """Points that are their own numbers, with these classes."""
    x, y = torch.arange(len(labels), dtype=torch.float32)[:, None], torch.tensor(labels)
    facts = data.Facts("Numbers", (1,), max(labels) + 1, len(labels), 1)
    return DataSet(facts, ("a",), x, y, x[:1], y[:1], torch.zeros(()), torch.ones(()))


def fair(counts: np.ndarray, wanted: int) -> np.ndarray:
    """How many each class gives, but for the odd ones of the last round: one by one, from whoever has given least."""
    given = np.zeros_like(counts)
    for _ in range(wanted):
        open_ = np.flatnonzero(given < counts)
        given[open_[given[open_].argmin()]] += 1
    return given


@pytest.mark.parametrize("seed", range(20))
def test_classes_are_as_equal_as_they_can_be(seed: int) -> None:
    chance = np.random.RandomState(seed)
    whole = made(chance.choice(5, chance.randint(5, 60), p=chance.dirichlet([0.7] * 5)).tolist())
    wanted = chance.randint(1, len(whole.y_train) + 1)
    taken = subset(whole, wanted, seed)
    rows = taken.x_train[:, 0].long()
    assert len(rows) == taken.facts.train == wanted and torch.equal(rows, rows.unique())  # none twice, in their order
    assert torch.equal(taken.y_train, whole.y_train[rows]) and taken.x_test is whole.x_test
    counts, got = (np.bincount(y, minlength=5) for y in (whole.y_train, taken.y_train))
    assert sorted(got) == sorted(fair(counts, wanted))
    assert got[got < counts].size == 0 or got.max() - got[got < counts].min() <= 1
    fewer = subset(whole, max(1, wanted - 3), seed)
    assert set(fewer.x_train[:, 0].tolist()) <= set(rows.tolist())


def test_the_seed_of_the_split_draws_it() -> None:
    first, same, other = (
        load("digits", train_samples=95, split_seed=seed, seeds=runs) for seed, runs in ((0, 0), (0, 5), (1, 0))
    )
    assert first.x_train is same.x_train and not torch.equal(first.x_train, other.x_train)
    assert sorted(torch.bincount(first.y_train).tolist()) == [9] * 5 + [10] * 5
    assert torch.equal(first.x_test, load("digits").x_test)


def test_the_whole_set_is_the_whole_set() -> None:
    assert torch.equal(load("digits", train_samples=1437).x_train, load("digits").x_train)


def test_it_is_taken_after_a_part_is_held_out() -> None:
    split, few = (load("digits", hold_out=True, split_seed=3, train_samples=n) for n in (0, 50))
    assert torch.equal(few.x_test, split.x_test) and len(few.x_train) == 50
    rows = {tuple(row) for row in split.x_train.flatten(1).tolist()}
    assert {tuple(row) for row in few.x_train.flatten(1).tolist()} <= rows
    known = data.facts_of(parse({"hold_out": True, "train_samples": 50}))
    assert few.facts == known and (known.train, known.test) == (50, 287)


@pytest.mark.parametrize("kind", ["scale", "simple", "channel", "image"])
def test_the_inputs_are_normalised_by_it_alone(kind: str) -> None:
    loaded, whole = load("moons", train_samples=40, normalization=kind), load("moons", normalization=kind)
    x = loaded.x_train.double()
    known = {"scale": x.min(), "simple": x.mean(), "channel": x.mean(0), "image": x.mean(0)}[kind]
    torch.testing.assert_close(loaded.offset.double().squeeze(), known, rtol=1e-6, atol=1e-6)
    assert not torch.equal(whole.offset, loaded.offset)


def test_the_inputs_are_whitened_by_it_alone(tmp_path) -> None:
    """And each subset keeps a matrix of its own."""
    for count in (1000, 40, 60):
        loaded = load("moons", train_samples=count, whiten=True, preproc_folder=str(tmp_path))
        inputs = loaded.inputs(loaded.x_train).double()
        np.testing.assert_allclose(np.cov(inputs.T.numpy()), np.eye(2), atol=1e-3)
    assert len(list(tmp_path.iterdir())) == 3


def test_every_run_trains_on_it() -> None:
    settings = {"train_samples": 30, "batch_size": 8, "num_hidden": 4, "epochs": 1, "probe_size": 2, "seeds": "0,1"}
    trainer = Trainer(parse({**settings, "device": "cpu"}))
    assert trainer.plan.steps == 4 and trainer.plan.size == 30  # 8, 8, 8 and 6 samples
    seen = []
    batches = trainer._batches
    for seed in (0, 1):
        seen.append(sorted(map(tuple, torch.cat([batches.batch(seed, step)[0] for step in range(4)]).flatten(1).tolist())))
    mine = sorted(map(tuple, trainer.data.inputs(trainer.data.x_train).flatten(1).tolist()))
    assert seen[0] == seen[1] == mine


POINTS = encode([Point(10 * n, 5 * n, n % 2) for n in range(20)])
FEW = "train_samples (--train_samples) is"
REFUSED: list[tuple[dict[str, object], str]] = [
    ({"train_samples": 1438}, f"{FEW} 1438: give at most 1437, the number of Digits training images, or 0 for all of them."),
    (
        {"train_samples": 1437, "hold_out": True},
        f"{FEW} 1437: give at most 1150, the number of Digits training images that are not held out, or 0 for all of them.",
    ),
    ({"train_samples": 9}, f"{FEW} 9: give at least 10, one for each class of Digits, or 0 for all training images."),
    (
        {"train_samples": 17, "dataset": "points", "points": POINTS},
        f"{FEW} 17: give at most 16, the number of Your own points training points, or 0 for all of them.",
    ),
    (
        {"train_samples": 50, "batch_size": 64},
        "batch_size (--batchSize) is 64: give at most 50, the number of Digits training images that "
        "train_samples (--train_samples) leaves.",
    ),
]


@pytest.mark.parametrize(("given", "said"), REFUSED)
def test_what_cannot_be_taken_is_refused(given: dict[str, object], said: str) -> None:
    experiment = parse(given)
    with pytest.raises(SettingsError) as refused:
        data.check(experiment, data.facts_of(experiment))
    assert refused.value.problems == [said]


def test_dfa_torch_knows_none() -> None:
    with pytest.raises(SettingsError, match=r"train_samples \(--train_samples\) is 100: give 0 with exact"):
        parse({"train_samples": 100, "exact": True})


def test_drawn_points() -> None:
    taken = load("points", points=POINTS, train_samples=5)
    assert sorted(torch.bincount(taken.y_train).tolist()) == [2, 3] and taken.facts.test == 4


def test_an_incomplete_set_has_to_have_so_many(tmp_path) -> None:
    mnist(tmp_path)
    assert load("mnist", tmp_path, train_samples=20).facts.train == 20
    said = sentence("mnist", tmp_path, train_samples=21)
    assert said.startswith("MNIST cannot give 21 training images because its files hold 20 to train on: give at most so many")


def test_it_is_said_what_is_trained_on() -> None:
    assert "1,000 training samples" in describe(parse({"train_samples": 1000}))
