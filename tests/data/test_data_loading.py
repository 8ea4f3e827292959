"""Formats and folders."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch

from dfa_lab import data
from dfa_lab.settings.parsing import parse
from tests.data.data_files import CPU, cifar10, files_below, load, mnist


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


def test_svhn_trains_on_train_and_extra_and_calls_ten_a_nought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from torchvision import datasets  # here: every worker collects all files, and this import alone takes seconds
    from torchvision.datasets.utils import calculate_md5

    images, sums = {}, {}
    for seed, (part, count) in enumerate((("train", 4), ("extra", 3), ("test", 2))):
        images[part] = np.random.RandomState(seed).randint(0, 256, (32, 32, 3, count)).astype(np.uint8)
        path = tmp_path / f"{part}_32x32.mat"
        assert not data.is_here("svhn", tmp_path)
        scipy.io.savemat(path, {"X": images[part], "y": np.array([[10], [1], [2], [9]][:count], np.uint8)})
        sums[part] = ["", path.name, calculate_md5(path)]
    monkeypatch.setattr(datasets.SVHN, "split_list", sums)
    assert data.is_here("svhn", tmp_path)
    loaded = load("svhn", tmp_path)
    assert loaded.y_train.tolist() == [0, 1, 2, 9, 0, 1, 2] and loaded.y_test.tolist() == [0, 1]
    for x, image in ((loaded.x_train[3], images["train"][..., 3]), (loaded.x_train[6], images["extra"][..., 2])):
        assert np.array_equal(x, image.transpose(2, 0, 1))
    assert np.array_equal(loaded.x_test[1], images["test"][..., 1].transpose(2, 0, 1))
    assert loaded.x_train.is_contiguous() and (data.facts("svhn").train, data.facts("svhn").test) == (604_388, 26_032)


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


def test_unknown_names_are_key_errors():
    for ask in (data.facts, lambda name: data.is_here(name, Path())):
        with pytest.raises(KeyError):
            ask("imagenet")
    assert data.load(parse({}), CPU).facts.title == "Digits"
