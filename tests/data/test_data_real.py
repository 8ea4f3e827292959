"""The published sets, where DFA_LAB_DATA names a folder that holds them."""

from pathlib import Path

import pytest
import torch

from dfa_lab import data
from tests.data.data_files import load

pytestmark = pytest.mark.real_data


def test_mnist(real_data: Path):
    loaded = load("mnist", real_data)
    assert loaded.facts == data.facts("mnist")
    assert loaded.x_train.shape == (60000, 1, 28, 28) and loaded.x_test.shape == (10000, 1, 28, 28)
    assert loaded.y_train.bincount().tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert loaded.y_train[:5].tolist() == [5, 0, 4, 1, 9] and loaded.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    inputs = loaded.inputs(loaded.x_test)
    assert inputs.min() == 0 and inputs.max() == 1
    torch.testing.assert_close(inputs, loaded.x_test / 255, rtol=1e-6, atol=0)


def test_mnist_mean_and_deviation_are_the_well_known_ones(real_data: Path):
    loaded = load("mnist", real_data, normalization="simple")
    assert float(loaded.offset) / 255 == pytest.approx(0.1307, abs=5e-5)
    assert 1 / float(loaded.scale) / 255 == pytest.approx(0.3081, abs=5e-5)


def test_fashion_mnist(real_data: Path):
    loaded = load("fashion_mnist", real_data)
    assert loaded.facts == data.facts("fashion_mnist")
    assert loaded.y_train.bincount().tolist() == [6000] * 10
    assert loaded.class_names[int(loaded.y_train[0])] == "Ankle boot"


def test_cifar10(real_data: Path):
    loaded = load("cifar10", real_data, normalization="channel")
    assert loaded.facts == data.facts("cifar10")
    assert loaded.x_train.shape == (50000, 3, 32, 32)
    assert loaded.y_train[:3].tolist() == [6, 9, 9] and loaded.y_test[:3].tolist() == [3, 8, 8]
    assert loaded.y_train.bincount().tolist() == [5000] * 10
    assert loaded.x_train[0, :, 0, 0].tolist() == [59, 62, 63]
    known = torch.tensor([0.4914, 0.4822, 0.4465])
    torch.testing.assert_close(loaded.offset.flatten() / 255, known, rtol=0, atol=1e-4)
    known = torch.tensor([0.2470, 0.2435, 0.2616])
    torch.testing.assert_close(1 / loaded.scale.flatten() / 255, known, rtol=0, atol=1e-4)
