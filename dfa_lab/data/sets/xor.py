"""Four squares, coloured like a chessboard."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.sets import _points

SUITS = {
    "num_layers": 3,
    "num_hidden": 16,
    "nonlin": "tanh",
    "learning_rate": 3e-3,
    "batch_size": 32,
    "epochs": 40,
    "normalization": "channel",
}


def facts(classes: int = 2) -> Facts:
    """Facts of the set; it has 2 classes."""
    return _points.facts("Exclusive or (xor)", 2)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The points; nothing is read, `folder` and `download` do not count."""
    return _points.arrays(_draw, 2)


def _draw(random: np.random.RandomState, labels: np.ndarray) -> np.ndarray:
    size = random.uniform(0.05, 1.0, (len(labels), 2))
    left_or_right = random.choice([-1.0, 1.0], len(labels))
    below_or_above = np.where(labels == 0, left_or_right, -left_or_right)
    return size * np.stack([left_or_right, below_or_above], axis=1)
