"""Broken files become one sentence that says what, where and what to do."""

import gzip
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dfa_lab import data
from dfa_lab.data import catalog
from dfa_lab.data.sets import digits
from tests.data.data_files import IMAGES, LABELS, cifar10, idx, mnist, sentence

BREAKAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda whole: whole[:-1],
    "cut in the header": lambda whole: whole[:9],
    "empty": lambda whole: b"",
    "too long": lambda whole: whole + b"\0",
    "garbage": lambda whole: b"<html>404 not found</html>" * 100,
}


@pytest.mark.parametrize("breakage", BREAKAGES)
@pytest.mark.parametrize("file", [IMAGES, "t10k-labels-idx1-ubyte"])
def test_broken_idx_files(tmp_path: Path, file: str, breakage: str):
    path = mnist(tmp_path) / file
    path.write_bytes(BREAKAGES[breakage](path.read_bytes()))
    assert f"{path} is damaged or incomplete" in sentence("mnist", tmp_path)


def test_the_size_that_an_idx_file_should_have(tmp_path: Path):
    path = mnist(tmp_path) / IMAGES
    path.write_bytes(path.read_bytes()[:1000])
    assert f"it has 1000 bytes and should have {16 + 20 * 784}" in sentence("mnist", tmp_path)


def test_labels_in_place_of_images(tmp_path: Path):
    raw = mnist(tmp_path)
    (raw / IMAGES).write_bytes((raw / LABELS).read_bytes())
    assert "does not begin like an idx file" in sentence("mnist", tmp_path)


@pytest.mark.parametrize("breakage", ["cut short", "cut in the header", "empty", "garbage"])
def test_broken_gz_files(tmp_path: Path, breakage: str):
    raw = mnist(tmp_path)
    for path in list(raw.iterdir()):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    path = raw / f"{IMAGES}.gz"
    path.write_bytes(BREAKAGES[breakage](path.read_bytes()))
    assert f"{path} is damaged or incomplete" in sentence("mnist", tmp_path)


def test_a_damaged_gz_file(tmp_path: Path):
    raw = mnist(tmp_path)
    for path in list(raw.iterdir()):
        zipped = bytearray(gzip.compress(path.read_bytes()))
        zipped[len(zipped) // 2] ^= 0xFF
        path.with_name(path.name + ".gz").write_bytes(zipped)
        path.unlink()
    assert "it cannot be unzipped" in sentence("mnist", tmp_path)


@pytest.mark.parametrize("breakage", BREAKAGES)
@pytest.mark.parametrize("file", ["data_batch_3.bin", "test_batch.bin"])
def test_broken_cifar_files(tmp_path: Path, file: str, breakage: str):
    path = cifar10(tmp_path) / file
    path.write_bytes(BREAKAGES[breakage](path.read_bytes()))
    assert f"{path} is damaged or incomplete" in sentence("cifar10", tmp_path)


def test_broken_stl10_file(tmp_path: Path):
    (tmp_path / "stl10_binary").mkdir()
    for part in ("train", "test"):
        (tmp_path / f"stl10_binary/{part}_X.bin").write_bytes(bytes(27648 * 2 - 1))
        (tmp_path / f"stl10_binary/{part}_y.bin").write_bytes(bytes([1, 2]))
    assert "train_X.bin is damaged or incomplete" in sentence("stl10", tmp_path)


def test_broken_svhn_file(tmp_path: Path):
    for part in ("train", "extra", "test"):
        (tmp_path / f"{part}_32x32.mat").write_bytes(b"MATLAB 5.0")
    assert "train_32x32.mat is damaged or incomplete (its checksum is wrong)" in sentence("svhn", tmp_path)


class Trap:
    """Unpickling this leaves a file behind."""

    def __init__(self, sprung: Path):
        self.sprung = sprung

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.sprung,))


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_foreign_pickles_are_never_opened(tmp_path: Path, name: str):
    for file in catalog.module(name).LAYOUT.pickles:
        (tmp_path / "data" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / file).write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    assert data.is_here(name, tmp_path / "data")
    assert "is damaged or incomplete (a checksum is wrong)" in sentence(name, tmp_path / "data")
    assert not (tmp_path / "sprung").exists()


def test_label_out_of_range(tmp_path: Path):
    labels = np.arange(20) % 10
    labels[3] = 12
    (mnist(tmp_path / "a") / LABELS).write_bytes(idx(labels))
    assert "its training labels hold 12 where 0 to 9 are possible" in sentence("mnist", tmp_path / "a")
    path = cifar10(tmp_path / "b") / "test_batch.bin"
    path.write_bytes(bytes([200]) + path.read_bytes()[1:])
    assert "its test labels hold 200 where 0 to 9 are possible" in sentence("cifar10", tmp_path / "b")


def test_an_unlabelled_stl10_image(tmp_path: Path):
    (tmp_path / "stl10_binary").mkdir()
    for part in ("train", "test"):
        (tmp_path / f"stl10_binary/{part}_X.bin").write_bytes(bytes(27648 * 2))
        (tmp_path / f"stl10_binary/{part}_y.bin").write_bytes(bytes([0, 2]))
    assert "its training labels hold -1" in sentence("stl10", tmp_path)


def test_different_counts(tmp_path: Path):
    (mnist(tmp_path) / LABELS).write_bytes(idx(np.arange(19) % 10))
    assert "it has 20 training images but 19 labels" in sentence("mnist", tmp_path)


def test_a_single_class(tmp_path: Path):
    (mnist(tmp_path) / LABELS).write_bytes(idx(np.full(20, 4)))
    assert "all its training images are of the one class 4" in sentence("mnist", tmp_path)


def test_no_images_at_all(tmp_path: Path):
    mnist(tmp_path, test=0)
    assert "it has no test images" in sentence("mnist", tmp_path)


def test_images_of_another_size(tmp_path: Path):
    (mnist(tmp_path) / IMAGES).write_bytes(idx(np.zeros((20, 14, 14))))
    assert "have the shape (1, 14, 14) and not (1, 28, 28)" in sentence("mnist", tmp_path)


def test_memory_runs_out(monkeypatch: pytest.MonkeyPatch):
    def too_much(*_: object) -> data.Arrays:
        raise MemoryError

    monkeypatch.setattr(catalog.module("xor"), "load", too_much)
    assert "does not fit into the free memory of cpu" in sentence("xor", "")


def test_a_library_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(digits, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert "sklearn.datasets is not installed: install what requirements.txt lists" in sentence("digits", "")
