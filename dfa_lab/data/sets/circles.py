"""A circle within a circle: no straight line tells them apart."""

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
    return _points.facts("Circles", 2)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The points; nothing is read, `folder` and `download` do not count."""
    return _points.arrays(_draw, 2)


def _draw(random: np.random.RandomState, labels: np.ndarray) -> np.ndarray:
    angle = random.uniform(0, 2 * np.pi, len(labels))
    return _points.around(angle, np.where(labels == 0, 1.0, 0.5)) + random.normal(0, 0.08, (len(labels), 2))
