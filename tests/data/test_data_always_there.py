"""The sets that need no download."""

from pathlib import Path

import numpy as np
import pytest
import torch

from dfa_lab import data, registry
from dfa_lab.data import cache, sets
from dfa_lab.data.sets import digits
from dfa_lab.settings.parsing import parse
from tests import children
from tests.data.data_files import CPU, load

SETS = "dfa_lab.data.sets"
ALWAYS = tuple(name for name in registry.names(SETS) if data.facts(name).megabytes == 0)
TOYS = tuple(name for name in ALWAYS if len(data.facts(name).shape) == 1)
OF_CLASSES = registry.using(SETS, "classes")
HEAVY = {"torchvision", "sklearn", "scipy"}  # to import, a second or more


def test_the_sets_are_the_files():
    downloadable = {"mnist", "fashion_mnist", "cifar10", "cifar100", "svhn", "stl10"}
    names = registry.names(SETS)
    assert set(names) == {file.stem for file in Path(sets.__path__[0]).glob("[!_]*.py")}
    assert set(names) >= {*ALWAYS, *downloadable} and downloadable.isdisjoint(ALWAYS)
    assert {"digits", "circles", "gaussians", "moons", "points", "spirals", "xor"} <= set(ALWAYS)
    nowhere = Path("/nowhere")
    assert {name for name in names if data.is_here(name, nowhere)} == set(ALWAYS)


@pytest.mark.parametrize("name", ALWAYS)
def test_facts_describe_what_is_loaded(name: str):
    facts, loaded = data.facts(name), load(name)
    assert loaded.facts == facts
    for x, y, count in ((loaded.x_train, loaded.y_train, facts.train), (loaded.x_test, loaded.y_test, facts.test)):
        assert x.shape == (count, *facts.shape) and y.shape == (count,)
        assert x.dtype == (torch.uint8 if len(facts.shape) == 3 else torch.float32) and y.dtype == torch.int64
        assert sorted(y.unique().tolist()) == list(range(facts.classes))
    assert len(loaded.class_names) == facts.classes


@pytest.mark.parametrize("name", ALWAYS)
def test_the_same_every_time_and_for_every_seed(name: str):
    first = load(name, seeds="0")
    cache.forget()
    torch.manual_seed(5)
    second = load(name, seeds="7")
    assert first.x_train is not second.x_train
    assert torch.equal(first.x_train, second.x_train) and torch.equal(first.y_train, second.y_train)
    assert torch.equal(first.x_test, second.x_test) and torch.equal(first.y_test, second.y_test)


@pytest.mark.parametrize("name", ALWAYS)
def test_training_and_test_share_no_rows(name: str):
    loaded = load(name)
    rows = torch.cat([loaded.x_train, loaded.x_test]).flatten(1)
    assert len(rows.unique(dim=0)) == len(rows)


def test_digits_are_scikit_learns():
    loaded = load("digits")
    assert (len(loaded.x_train), len(loaded.x_test)) == (1437, 360)
    assert loaded.x_train.min() == 0 and loaded.x_train.max() == 16
    counts = (loaded.y_train.bincount() + loaded.y_test.bincount()).tolist()
    assert counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert loaded.y_test.bincount().min() > 20


def test_digits_are_the_same_where_scikit_learn_keeps_its_files_elsewhere(monkeypatch: pytest.MonkeyPatch):
    read = digits.load(Path(), False, 10)
    monkeypatch.setattr(digits, "find_spec", lambda name: None)
    given = digits.load(Path(), False, 10)  # by scikit-learn itself
    for name in ("x_train", "y_train", "x_test", "y_test"):
        assert np.array_equal(getattr(read, name), getattr(given, name))


def test_these_are_made_with_as_many_classes_as_one_likes():
    assert {"spirals", "gaussians"} <= set(OF_CLASSES)


@pytest.mark.parametrize("name", OF_CLASSES)
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_classes_are_honoured(name: str, classes: int):
    loaded = load(name, classes=classes)
    assert loaded.facts.classes == data.facts(name, classes).classes == classes
    counts = loaded.y_train.bincount()
    assert len(counts) == classes and counts.max() - counts.min() <= 1


@pytest.mark.parametrize("name", sorted({*ALWAYS} - {*OF_CLASSES, "points"}))
def test_classes_do_not_count_elsewhere(name: str):
    assert data.facts(name, 7) == data.facts(name)


@pytest.mark.parametrize("name", ALWAYS)
def test_neighbours_tell_the_class(name: str):
    """The sets can be learnt: the nearest training sample has the right label nearly always."""
    loaded = load(name)
    x_train, x_test = loaded.inputs(loaded.x_train).flatten(1), loaded.inputs(loaded.x_test).flatten(1)
    guessed = loaded.y_train[torch.cdist(x_test, x_train).argmin(1)]
    assert (guessed == loaded.y_test).float().mean() > 0.95


@pytest.mark.parametrize("name", ["spirals", "circles", "xor"])
def test_no_line_tells_the_classes_apart(name: str):
    loaded = load(name)
    x = torch.cat([loaded.inputs(loaded.x_train), torch.ones(1000, 1)], 1)
    weights = torch.linalg.lstsq(x, loaded.y_train[:, None] * 2.0 - 1).solution
    assert (((x @ weights)[:, 0] > 0) == (loaded.y_train == 1)).float().mean() < 0.8


def test_importing_reads_no_heavy_library():
    load = "dfa_lab.data.load(dfa_lab.settings.parsing.parse({'dataset': 'digits'}), __import__('torch').device('cpu'))"
    forget = f"[sys.modules.pop(name) for name in list(sys.modules) if name.partition('.')[0] in {HEAVY}]"
    read = f"import dfa_lab.data, dfa_lab.settings.parsing; {load}"
    done = children.run("-c", f"import sys; {forget}; {read}; print(sorted({HEAVY} & set(sys.modules)))")
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_always_there_means_wherever_the_folder_is(tmp_path: Path):
    assert data.load(parse({"dataset": "digits", "datapath": str(tmp_path / "none")}), CPU).facts.train == 1437
    assert not (tmp_path / "none").exists()
