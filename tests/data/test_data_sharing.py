"""One copy of a set for all who want the same, and not more sets than fit."""

import gc
import threading
from pathlib import Path

import pytest
import torch

from dfa_lab import data
from dfa_lab.data import cache, catalog, dataset
from tests.data.data_files import load, mnist

XOR = 1500 * (2 * 4 + 8)  # bytes of the set's points and labels


def test_experiments_share_the_tensors():
    first = load("digits", normalization="scale", batch_size=8)
    second = load("digits", normalization="simple", batch_size=16)
    assert first.x_train is second.x_train and first.y_test is second.y_test
    assert first.scale != second.scale
    assert load("spirals", classes=2).x_train is not load("spirals", classes=3).x_train


@pytest.mark.parametrize(
    "other",
    [
        {"hold_out": True},
        {"format": "yuv"},
        {"whiten": True},
        {"hold_out": True, "split_seed": 1},
        {"whiten": True, "exact": True},
    ],
)
@pytest.mark.usefixtures("tiny_cifar10")
def test_preparations_are_told_apart(tmp_path: Path, other: dict[str, bool]):
    base: dict[str, bool] = {"hold_out": True} if "split_seed" in other else {"whiten": True} if "exact" in other else {}
    first, second = load("cifar10", tmp_path, **base), load("cifar10", tmp_path, **other)
    assert first.x_train is not second.x_train
    assert load("cifar10", tmp_path, LR="0.1", **other).x_train is second.x_train
    assert load("cifar10", tmp_path, **base).x_train is first.x_train


@pytest.mark.parametrize("other", [{"split_seed": 5}, {"exact": True}, {"augment": True}, {"preproc_folder": "elsewhere"}])
def test_what_has_no_effect_shares(other: dict[str, str]):
    assert load("digits", **other).x_train is load("digits").x_train


def test_preparing_reads_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mnist(tmp_path)
    first = load("mnist", tmp_path)
    monkeypatch.delattr(catalog.module("mnist"), "load")
    assert load("mnist", tmp_path, whiten=True).y_train is first.y_train


def test_statistics_are_measured_once(monkeypatch: pytest.MonkeyPatch):
    load("digits", normalization="simple")
    monkeypatch.setattr(dataset, "measure", None)
    load("digits", normalization="image")


def test_threads_share_one_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mnist(tmp_path)
    reads, together, found = [], threading.Barrier(4), []
    real = catalog.module("mnist").load

    def counted(*arguments: object) -> data.Arrays:
        reads.append(1)
        return real(*arguments)

    def work() -> None:
        together.wait()
        found.append(load("mnist", tmp_path))

    monkeypatch.setattr(catalog.module("mnist"), "load", counted)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(reads) == 1 and len({id(one.x_train) for one in found}) == 1 and len(found) == 4


def kept() -> list[str]:
    return [key[0] for key in cache._kept if isinstance(key, tuple)]


def test_not_more_bytes_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "MOST_KEPT", 2 * XOR)
    names = ["xor", "moons", "circles"]
    first, *_ = [load(name).x_train.clone() for name in names]
    gc.collect()
    assert kept() == names[1:]
    assert torch.equal(load("xor").x_train, first)
    assert kept() == ["circles", "xor"]


def test_the_last_is_kept_however_large(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "MOST_KEPT", 1)
    first = load("xor").x_train
    assert load("xor").x_train is first
    load("moons")
    assert load("xor").x_train is not first


def test_what_is_in_use_is_shared_even_if_it_was_let_go(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "MOST_KEPT", 1)
    used = load("xor")
    load("moons")
    assert load("xor").x_train is used.x_train


def test_a_failure_is_not_kept(tmp_path: Path):
    with pytest.raises(data.DataError):
        load("mnist", tmp_path)
    assert not cache._kept
    mnist(tmp_path)
    assert load("mnist", tmp_path).facts.train == 20


def test_failures_let_no_other_set_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "MOST_KEPT", 1)
    kept = load("xor").x_train
    for name in ("mnist", "cifar10", "svhn", "stl10", "fashion_mnist"):
        with pytest.raises(data.DataError):
            load(name, tmp_path)
    assert load("xor").x_train is kept
