"""A few samples of a data set are its own first ones, and nothing where it is not here."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from dfa_lab import data
from dfa_lab.data import glimpse as module
from dfa_lab.data.glimpse import IMAGES, POINTS, glimpse
from tests.data.data_files import cifar10, load, mnist
from tests.data.test_data_always_there import ALWAYS


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    module._read.cache_clear()


def made_from(name: str) -> int | str | bool:
    from dfa_lab.settings.experiment import Experiment

    return Experiment.model_fields[data.setting_of(name)].default


@pytest.mark.parametrize("name", ALWAYS)
def test_what_is_always_there_shows_its_first_samples(name: str, tmp_path: Path) -> None:
    found = glimpse(name, tmp_path, made_from(name))
    assert found is not None
    x, t = found
    count, whole = (IMAGES if len(data.facts(name).shape) == 3 else POINTS), load(name)
    assert np.array_equal(x, whole.x_train[:count].numpy())
    assert np.array_equal(t, whole.y_train[:count].numpy() if count == POINTS else [])


def test_images_are_read_without_the_rest(tmp_path: Path) -> None:
    raw, batches = mnist(tmp_path), cifar10(tmp_path)
    expected = {name: load(name, tmp_path).x_train[:IMAGES].numpy() for name in ("mnist", "cifar10")}
    for file in [*raw.glob("train-labels*"), *batches.glob("data_batch_[2-5].bin")]:
        file.write_bytes(b"")  # there, and of no use
    for name, images in expected.items():
        found = glimpse(name, tmp_path, 2)
        assert found is not None and np.array_equal(found[0], images), name


def test_a_zipped_file_is_read_too(tmp_path: Path) -> None:
    raw = mnist(tmp_path)
    expected = load("mnist", tmp_path).x_train[:IMAGES].numpy()
    file = raw / "train-images-idx3-ubyte"
    file.with_suffix(".gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()
    found = glimpse("mnist", tmp_path, 2)
    assert found is not None and np.array_equal(found[0], expected)


def test_what_is_not_here_or_damaged_shows_nothing(tmp_path: Path) -> None:
    assert glimpse("mnist", tmp_path, 2) is None
    raw = mnist(tmp_path)
    (raw / "train-images-idx3-ubyte").write_bytes(b"short")
    assert glimpse("mnist", tmp_path, 2) is None


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "cifar10"])
def test_the_published_files_too(name: str, real_data: Path) -> None:
    found = glimpse(name, real_data, 2)
    assert found is not None
    assert np.array_equal(found[0], load(name, real_data).x_train[:IMAGES].numpy())
