"""MNIST: 70,000 handwritten digits, 28x28, grey."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.sets import _idx

PLACE = 2
SUITS = {
    "num_layers": 2,
    "num_hidden": 200,
    "nonlin": "tanh",
    "learning_rate": 1e-3,
    "batch_size": 128,
    "epochs": 5,
    "normalization": "simple",
}
CLASS_NAMES = tuple(str(n) for n in range(10))


def facts(classes: int = 2) -> Facts:
    """Facts of the set; `classes` does not count."""
    return Facts("MNIST", (1, 28, 28), 10, 60_000, 10_000, megabytes=12)


def here(folder: Path) -> bool:
    """Whether its files are in `folder`; none is read."""
    return _idx.here(folder, "MNIST")


def first(folder: Path, count: int) -> np.ndarray:
    """The first training images (count, 1, 28, 28). Raises OSError or ValueError if they cannot be had."""
    return _idx.first(folder, "MNIST", facts().shape, count)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The images from `folder`/MNIST/raw. Raises DataError if they cannot be had."""
    return _idx.load(folder, download, facts(), "MNIST", CLASS_NAMES)
