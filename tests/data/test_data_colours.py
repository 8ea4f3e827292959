"""Brightness and two colour differences."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.data.data_files import cifar10, load


def shades(folder: Path) -> np.ndarray:
    """A CIFAR-10 of noise in `folder`; gives the training images as (20, 3, 32, 32) float64."""
    where, random = cifar10(folder), np.random.RandomState(0)
    tables = {}
    for file in sorted(where.iterdir()):
        table = random.randint(0, 256, (4, 3073)).astype(np.uint8)
        table[:, 0] = range(4)
        file.write_bytes(table.tobytes())
        tables[file.stem] = table[:, 1:].reshape(4, 3, 32, 32)
    return np.concatenate([tables[f"data_batch_{n}"] for n in range(1, 6)]).astype(float)


def test_of_known_colours(tmp_path: Path):
    rgb = shades(tmp_path)
    loaded = load("cifar10", tmp_path, format="yuv")
    assert loaded.x_train.dtype == loaded.x_test.dtype == torch.float32
    r, g, b = rgb[:, 0], rgb[:, 1], rgb[:, 2]
    y = 0.299 * r + 0.587 * g + 0.114 * b
    known = np.stack([y, 0.492 * (b - y), 0.877 * (r - y)], axis=1)  # as the differences are defined
    np.testing.assert_allclose(loaded.x_train.numpy(), known, rtol=0, atol=0.1)  # the constants have five digits
    exact = 0.615 * r - 0.51499 * g - 0.10001 * b
    np.testing.assert_allclose(loaded.x_train[:, 2].numpy(), exact, rtol=0, atol=1e-4)
    exact = -0.14713 * r - 0.28886 * g + 0.436 * b
    np.testing.assert_allclose(loaded.x_train[:, 1].numpy(), exact, rtol=0, atol=1e-4)
    np.testing.assert_allclose(loaded.x_train[:, 0].numpy(), y, rtol=0, atol=1e-4)


def test_grey_has_no_colour_and_keeps_its_brightness(tmp_path: Path):
    cifar10(tmp_path)
    loaded = load("cifar10", tmp_path, format="yuv")
    torch.testing.assert_close(loaded.x_test[:, 0, 5, 7], torch.arange(4.0))
    assert loaded.x_test[:, 1:].abs().max() < 1e-3


@pytest.mark.parametrize("kind", ["scale", "channel"])
def test_normalised_after_it(tmp_path: Path, kind: str):
    shades(tmp_path)
    loaded = load("cifar10", tmp_path, format="yuv", normalization=kind)
    inputs = loaded.inputs(loaded.x_train)
    if kind == "scale":
        assert float(inputs.min()) == 0 and float(inputs.max()) == pytest.approx(1, abs=1e-6)
    else:
        torch.testing.assert_close(inputs.mean((0, 2, 3)), torch.zeros(3), rtol=0, atol=1e-4)


def test_rgb_is_left_alone(tmp_path: Path):
    cifar10(tmp_path)
    assert load("cifar10", tmp_path, format="rgb").x_train.dtype == torch.uint8
