"""CIFAR-10: 60,000 small colour photographs of ten kinds of things, 32x32."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.sets import _cifar

SUITS = {
    "num_layers": 2,
    "num_hidden": 200,
    "nonlin": "tanh",
    "learning_rate": 3e-4,
    "batch_size": 128,
    "epochs": 5,
    "normalization": "channel",
}
CLASS_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
LAYOUT = _cifar.Layout(
    train=tuple(f"cifar-10-batches-bin/data_batch_{n}.bin" for n in range(1, 6)),
    test=("cifar-10-batches-bin/test_batch.bin",),
    label_bytes=1,
    torchvision="CIFAR10",
    pickles=(
        *(f"cifar-10-batches-py/data_batch_{n}" for n in range(1, 6)),
        "cifar-10-batches-py/test_batch",
        "cifar-10-batches-py/batches.meta",
    ),
)


def facts(classes: int = 2) -> Facts:
    """Facts of the set; `classes` does not count."""
    return Facts("CIFAR-10", _cifar.SHAPE, 10, 50_000, 10_000, megabytes=170)


def here(folder: Path) -> bool:
    """Whether its files are in `folder`; none is read."""
    return _cifar.here(folder, LAYOUT)


def first(folder: Path, count: int) -> np.ndarray:
    """The first training images (count, 3, 32, 32). Raises OSError or ValueError if they cannot be had."""
    return _cifar.first(folder, LAYOUT, count)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The images from `folder`/cifar-10-batches-bin, else -py. Raises DataError if they cannot be had."""
    return _cifar.load(folder, download, facts(), LAYOUT, CLASS_NAMES)
