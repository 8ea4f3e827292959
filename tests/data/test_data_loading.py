"""Formats, sharing, folders and the checks of settings."""

import gzip
import threading
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
from data_files import CPU, cifar10, files_below, load, mnist
from torchvision import datasets
from torchvision.datasets.utils import calculate_md5

from dfa_lab import data
from dfa_lab.config import SettingsError
from dfa_lab.data import catalog, loading
from dfa_lab.parsing import parse


@pytest.mark.parametrize(("name", "folder"), [("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST")])
@pytest.mark.parametrize("zipped", [False, True])
def test_idx_files(tmp_path: Path, name: str, folder: str, zipped: bool):
    raw = mnist(tmp_path, name=folder)
    first = np.frombuffer((raw / "train-images-idx3-ubyte").read_bytes()[16 : 16 + 784], np.uint8).reshape(28, 28)
    if zipped:
        for path in list(raw.iterdir()):
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    before = files_below(tmp_path)
    assert data.is_here(name, tmp_path)
    loaded = load(name, tmp_path)
    assert loaded.x_train.shape == (20, 1, 28, 28) and loaded.x_train.dtype == torch.uint8
    assert np.array_equal(loaded.x_train[0, 0], first)
    assert loaded.y_test.tolist() == list(range(10)) and loaded.y_test.dtype == torch.int64
    assert (loaded.facts.train, loaded.facts.test) == (20, 10)
    assert files_below(tmp_path) == before


def test_cifar10_binary(tmp_path: Path):
    cifar10(tmp_path)
    assert data.is_here("cifar10", tmp_path)
    loaded = load("cifar10", tmp_path)
    assert loaded.x_train.shape == (20, 3, 32, 32) and loaded.x_train.dtype == torch.uint8
    assert loaded.y_train.tolist() == [0, 1, 2, 3] * 5
    assert torch.equal(loaded.x_train[:, 2, 31, 31].long(), loaded.y_train)


def test_cifar100_binary_takes_the_fine_label(tmp_path: Path):
    folder = tmp_path / "cifar-100-binary"
    folder.mkdir()
    for name in ("train.bin", "test.bin"):
        rows = [bytes([coarse, fine]) + bytes([fine]) * 3072 for coarse, fine in ((19, 99), (3, 7))]
        (folder / name).write_bytes(b"".join(rows))
    loaded = load("cifar100", tmp_path)
    assert loaded.y_train.tolist() == [99, 7] and loaded.x_test[0].unique().tolist() == [99]
    assert len(loaded.class_names) == 100 and list(loaded.class_names) == sorted(set(loaded.class_names))


def test_stl10_counts_from_one_and_is_stored_by_columns(tmp_path: Path):
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    image = np.random.RandomState(0).randint(0, 256, (3, 96, 96)).astype(np.uint8)
    for part in ("train", "test"):
        (folder / f"{part}_X.bin").write_bytes(image.transpose(0, 2, 1).tobytes() * 2)
        (folder / f"{part}_y.bin").write_bytes(bytes([1, 10]))
    loaded = load("stl10", tmp_path)
    assert loaded.y_train.tolist() == [0, 9]
    assert np.array_equal(loaded.x_test[1], image)


def test_svhn_calls_ten_a_nought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    images = np.random.RandomState(0).randint(0, 256, (32, 32, 3, 4)).astype(np.uint8)
    sums = {}
    for part in ("train", "test"):
        path = tmp_path / f"{part}_32x32.mat"
        scipy.io.savemat(path, {"X": images, "y": np.array([[10], [1], [2], [9]], np.uint8)})
        sums[part] = ["", path.name, calculate_md5(path)]
    monkeypatch.setattr(datasets.SVHN, "split_list", sums)
    loaded = load("svhn", tmp_path)
    assert loaded.y_train.tolist() == [0, 1, 2, 9]
    assert np.array_equal(loaded.x_train[3], images[..., 3].transpose(2, 0, 1))


def test_experiments_share_the_tensors():
    first = load("digits", normalization="scale", batch_size=8)
    second = load("digits", normalization="simple", batch_size=16)
    assert first.x_train is second.x_train and first.y_test is second.y_test
    assert first.scale != second.scale
    assert load("spirals", classes=2).x_train is not load("spirals", classes=3).x_train


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


def test_few_sets_are_kept():
    first = load("digits")
    for classes in range(2, 2 + loading.MOST_KEPT):
        load("gaussians", classes=classes)
    assert len(loading._kept) == loading.MOST_KEPT
    assert load("digits").x_train is not first.x_train


def test_a_failure_is_not_kept(tmp_path: Path):
    with pytest.raises(data.DataError):
        load("mnist", tmp_path)
    assert not loading._kept
    mnist(tmp_path)
    assert load("mnist", tmp_path).facts.train == 20


def test_failures_let_no_other_set_go(tmp_path: Path):
    kept = [load("gaussians", classes=classes).x_train for classes in range(2, 2 + loading.MOST_KEPT)]
    for name in ("mnist", "cifar10", "svhn", "stl10", "fashion_mnist"):
        with pytest.raises(data.DataError):
            load(name, tmp_path)
    for classes, x_train in enumerate(kept, start=2):
        assert load("gaussians", classes=classes).x_train is x_train


def test_root_takes_the_setting_then_the_environment_then_datasets(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DFA_LAB_DATA", "/from/environment")
    assert data.root("/given") == Path("/given")
    assert data.root("") == Path("/from/environment")
    monkeypatch.delenv("DFA_LAB_DATA")
    assert data.root("") == Path("Datasets")
    assert data.root("~") == Path.home()


def test_the_environment_is_where_sets_are_read_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mnist(tmp_path)
    monkeypatch.setenv("DFA_LAB_DATA", str(tmp_path))
    assert load("mnist").facts.train == 20


@pytest.mark.parametrize("missing", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_is_here_wants_every_file(tmp_path: Path, missing: str):
    raw = mnist(tmp_path)
    assert data.is_here("mnist", tmp_path)
    (raw / missing).unlink()
    assert not data.is_here("mnist", tmp_path)


def test_check_refuses_a_batch_larger_than_the_training_set():
    facts = data.facts("digits")
    data.check(parse({"batch_size": 1437}), facts)
    with pytest.raises(SettingsError) as caught:
        data.check(parse({"batch_size": 5000}), facts)
    sentence = "batch_size (--batchSize) is 5000: give at most 1437, the number of Digits training images."
    assert caught.value.problems == [sentence]


def test_unknown_names_are_key_errors():
    for ask in (data.facts, lambda name: data.is_here(name, Path())):
        with pytest.raises(KeyError):
            ask("imagenet")
    assert data.load(parse({}), CPU).facts.title == "Digits"
