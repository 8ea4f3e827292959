"""Offset and scale of the inputs."""

from pathlib import Path

import numpy as np
import pytest
import torch

from dfa_lab.data import normalisation
from tests.data.data_files import cifar10, load, mnist


def test_scale_is_a_division_by_the_range(tmp_path: Path):
    mnist(tmp_path)
    loaded = load("mnist", tmp_path, normalization="scale")
    inputs = loaded.inputs(loaded.x_train)
    assert inputs.dtype == torch.float32
    torch.testing.assert_close(inputs, loaded.x_train / 255, rtol=1e-6, atol=0)
    assert inputs.min() == 0 and inputs.max() == 1


def test_scale_subtracts_the_least_first():
    loaded = load("moons", normalization="scale")
    inputs = loaded.inputs(loaded.x_train)
    assert loaded.x_train.min() < 0
    assert inputs.min() == 0 and float(inputs.max()) == pytest.approx(1)


def test_simple_is_one_mean_and_deviation():
    for name in ("digits", "moons"):
        loaded = load(name, normalization="simple")
        inputs = loaded.inputs(loaded.x_train, dtype=torch.float64)
        assert loaded.offset.numel() == loaded.scale.numel() == 1
        assert float(inputs.mean()) == pytest.approx(0, abs=1e-6)
        assert float(inputs.std(correction=0)) == pytest.approx(1, abs=1e-6)


def test_channel_is_a_mean_and_deviation_of_each():
    loaded = load("moons", normalization="channel")
    inputs = loaded.inputs(loaded.x_train, dtype=torch.float64)
    torch.testing.assert_close(inputs.mean(0), torch.zeros(2).double(), rtol=0, atol=1e-6)
    torch.testing.assert_close(inputs.std(0, correction=0), torch.ones(2).double(), rtol=0, atol=1e-6)
    images = np.random.RandomState(0).randint(0, 256, (4500, 3, 2, 2)).astype(np.uint8)
    images[:, 1] //= 4
    statistics = normalisation.measure(images)  # more rows than are looked at at once
    offset, scale = normalisation.offset_and_scale("channel", statistics)
    assert offset.shape == scale.shape == (3, 1, 1)
    np.testing.assert_allclose(offset.flatten(), images.mean((0, 2, 3)), rtol=1e-6)
    np.testing.assert_allclose(1 / scale.flatten(), images.std((0, 2, 3)), rtol=1e-6)


def test_image_is_a_mean_and_deviation_of_each_pixel():
    loaded = load("digits", normalization="image")
    x = loaded.x_train.numpy().astype(float)
    varies = x.std(0) > 0
    assert 0 < varies.sum() < 64  # the corners are always black
    known = (x - x.mean(0)) / np.where(varies, x.std(0), 1)
    np.testing.assert_allclose(loaded.inputs(loaded.x_train), known, rtol=0, atol=1e-5)
    assert loaded.offset.shape == (1, 8, 8)
    known = (loaded.x_test.numpy() - x.mean(0)) / np.where(varies, x.std(0), 1)
    np.testing.assert_allclose(loaded.inputs(loaded.x_test), known, rtol=0, atol=1e-5)


def test_image_of_more_rows_than_are_looked_at_at_once():
    images = np.random.RandomState(0).randint(0, 256, (4500, 3, 2, 2)).astype(np.uint8)
    offset, scale = normalisation.offset_and_scale("image", normalisation.measure(images))
    np.testing.assert_allclose(offset, images.mean(0), rtol=1e-6)
    np.testing.assert_allclose(1 / scale, images.std(0), rtol=1e-6)


@pytest.mark.parametrize("kind", ["scale", "simple", "channel", "image"])
def test_the_test_set_does_not_count(tmp_path: Path, kind: str):
    raw = mnist(tmp_path / "a")
    before = load("mnist", tmp_path / "a", normalization=kind)
    mnist(tmp_path / "b")
    images = (tmp_path / "b/MNIST/raw/t10k-images-idx3-ubyte").read_bytes()
    (raw / "t10k-images-idx3-ubyte").write_bytes(images[:16] + bytes([255]) * (len(images) - 16))
    (tmp_path / "a").rename(tmp_path / "c")
    after = load("mnist", tmp_path / "c", normalization=kind)
    assert not torch.equal(before.x_test, after.x_test)
    assert torch.equal(before.offset, after.offset) and torch.equal(before.scale, after.scale)


@pytest.mark.parametrize("kind", ["scale", "simple", "channel", "image"])
def test_what_never_varies_is_only_shifted(kind: str):
    statistics = normalisation.measure(np.full((10, 3, 4, 4), 77, np.uint8))
    offset, scale = normalisation.offset_and_scale(kind, statistics)
    assert torch.all(offset == 77) and torch.all(scale == 1)


def test_float64_inputs_keep_their_precision(tmp_path: Path):
    cifar10(tmp_path)
    loaded = load("cifar10", tmp_path)
    assert loaded.inputs(loaded.x_test, dtype=torch.float64).dtype == torch.float64
