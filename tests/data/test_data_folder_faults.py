"""A missing set or a wrong folder becomes one sentence that says what, where and what to do."""

from pathlib import Path

import pytest

from dfa_lab import data
from tests.data.data_files import IMAGES, LABELS, is_one_sentence, load, mnist, sentence

DOWNLOADABLE = ("mnist", "fashion_mnist", "cifar10", "cifar100", "svhn", "stl10")


@pytest.mark.parametrize("name", DOWNLOADABLE)
def test_a_missing_set_is_named_with_its_place_and_remedy(tmp_path: Path, name: str):
    (tmp_path / "something else").touch()
    text, facts = sentence(name, tmp_path), data.facts(name)
    for part in (f"{facts.title} is not in", str(tmp_path), "is missing", f"tick Download; {facts.megabytes} MB"):
        assert part in text
    assert "--download" in text and "digits" in text


def test_the_missing_file_is_named(tmp_path: Path):
    (mnist(tmp_path) / LABELS).unlink()
    assert f"MNIST/raw/{LABELS} is missing" in sentence("mnist", tmp_path)


def test_folder_does_not_exist(tmp_path: Path):
    assert f"{tmp_path}/none does not exist" in sentence("mnist", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_the_default_folder_is_named_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DFA_LAB_DATA", raising=False)
    assert f"{tmp_path}/Datasets does not exist" in sentence("mnist", "")


@pytest.mark.parametrize("download", [False, True])
def test_folder_is_a_file(tmp_path: Path, download: bool):
    (tmp_path / "file").touch()
    assert f"{tmp_path}/file is a file" in sentence("cifar10", tmp_path / "file", download=download)


def test_folder_is_empty(tmp_path: Path):
    assert f"{tmp_path} is empty" in sentence("svhn", tmp_path)


def test_folder_is_unreadable(forbidden: Path):
    with pytest.raises(data.DataError) as caught:
        load("mnist", forbidden)
    assert f"{forbidden} (permission denied)" in str(caught.value) and is_one_sentence(str(caught.value))
    assert not data.is_here("mnist", forbidden)


def test_folder_is_not_writable_when_downloading(forbidden: Path):
    with pytest.raises(data.DataError) as caught:
        load("mnist", forbidden, download=True)
    assert f"{forbidden} may not be written to" in str(caught.value) and is_one_sentence(str(caught.value))


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000, "line\nbreak", "~nobody-of-this-name/data"])
@pytest.mark.parametrize("name", ["mnist", "cifar100"])
def test_strange_paths(name: str, path: str):
    text = sentence(name, path)
    assert len(text) < 700
    assert not data.is_here(name, data.root(path))


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000])
def test_strange_paths_when_downloading(path: str):
    assert "cannot be read from" in sentence("mnist", path, download=True)


def test_a_folder_in_place_of_a_file(tmp_path: Path):
    raw = mnist(tmp_path)
    (raw / IMAGES).unlink()
    (raw / IMAGES).mkdir()
    assert f"{IMAGES} is not a file" in sentence("mnist", tmp_path)
