"""Whitening matrices are kept on disk, and never used for anything else."""

import os
from pathlib import Path

import pytest
import torch

from dfa_lab.data import cache, whitening_files
from tests.data.data_files import load, mnist


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for every time that the matrices are computed."""
    times, real = [], whitening_files.zca

    def zca(*arguments: object) -> tuple[torch.Tensor, torch.Tensor]:
        times.append(1)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(whitening_files, "zca", zca)
    return times


def white(dataset: str, folder: Path | str, **settings: object) -> torch.Tensor:
    """The whitened training set, read anew."""
    cache.forget()
    return load(dataset, folder, whiten=True, **settings).x_train


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_computed_once(tmp_path: Path, counted: list[int]):
    mnist(tmp_path)
    first, second = white("mnist", tmp_path), white("mnist", tmp_path)
    assert torch.equal(first, second) and len(counted) == 1
    (name,) = names(tmp_path / "preprocessed")
    assert name.startswith("whitening-mnist-") and name.endswith(".safetensors")


def test_in_the_folder_that_was_named(tmp_path: Path, counted: list[int]):
    mnist(tmp_path / "data")
    for _ in range(2):
        white("mnist", tmp_path / "data", preproc_folder=str(tmp_path / "mine/deep"))
    assert len(names(tmp_path / "mine/deep")) == len(counted) == 1
    assert names(tmp_path / "data") == ["MNIST"]


def test_sets_that_are_always_there_leave_no_file_unless_a_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DFA_LAB_DATA", str(tmp_path / "data"))
    white("digits", "")
    assert names(tmp_path) == []
    white("digits", "", preproc_folder=str(tmp_path / "mine"))
    assert len(names(tmp_path / "mine")) == 1


@pytest.mark.usefixtures("tiny_cifar10")
@pytest.mark.parametrize("other", [{"hold_out": True}, {"format": "yuv"}, {"exact": True}])
def test_another_preparation_has_another_file(tmp_path: Path, other: dict[str, object]):
    """dfa-torch used the statistics of a run with a validation part in one without."""
    white("cifar10", tmp_path)
    (first,) = names(tmp_path / "preprocessed")
    found = white("cifar10", tmp_path, **other)
    assert len(names(tmp_path / "preprocessed")) == 2 and first in names(tmp_path / "preprocessed")
    assert torch.equal(found, white("cifar10", tmp_path, **other, preproc_folder=str(tmp_path / "new")))


def test_every_split_has_its_own(tmp_path: Path, counted: list[int]):
    found = [white("digits", "", preproc_folder=str(tmp_path), hold_out=True, split_seed=seed) for seed in (0, 1, 0)]
    assert len(names(tmp_path)) == len(counted) == 2
    assert torch.equal(found[0], found[2]) and not torch.equal(found[0], found[1])


def test_another_version_has_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    white("digits", "", preproc_folder=str(tmp_path))
    for name, value in (("VERSION", 2), ("EPSILON", 0.1)):
        monkeypatch.setattr(whitening_files, name, value)
        white("digits", "", preproc_folder=str(tmp_path))
    assert len(names(tmp_path)) == 3


@pytest.mark.parametrize("breakage", ["cut short", "empty", "garbage", "one byte", "nothing in it"])
def test_a_damaged_file_is_replaced(tmp_path: Path, counted: list[int], breakage: str):
    first = white("digits", "", preproc_folder=str(tmp_path))
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    middle = len(whole) // 2
    broken = {
        "cut short": whole[:-1],
        "empty": b"",
        "garbage": b"<html>" * 100,
        "one byte": whole[:middle] + bytes([whole[middle] ^ 64]) + whole[middle + 1 :],
        "nothing in it": whitening_files.save({}),
    }
    file.write_bytes(broken[breakage])
    assert torch.equal(white("digits", "", preproc_folder=str(tmp_path)), first)
    assert len(counted) == 2 and file.read_bytes() == whole and names(tmp_path) == [file.name]


def test_a_folder_without_permission_only_means_that_nothing_is_kept(forbidden: Path):
    plain = white("digits", "")
    for folder in (forbidden, forbidden / "below"):
        assert torch.equal(white("digits", "", preproc_folder=str(folder)), plain)


@pytest.mark.parametrize("folder", ["a\0b", "x" * 5000, "~nobody-of-this-name/x", __file__])
def test_a_folder_that_is_none_only_means_that_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str):
    monkeypatch.chdir(tmp_path)
    assert torch.equal(white("digits", "", preproc_folder=folder), white("digits", ""))


def test_a_full_disk_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:100])
        raise OSError(28, os.strerror(28), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    white("digits", "", preproc_folder=str(tmp_path))
    assert names(tmp_path) == []
