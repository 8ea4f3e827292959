"""Interleaved spiral arms, one for each class."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.sets import _points

SETTINGS = ("classes",)
SUITS = {
    "num_layers": 3,
    "num_hidden": 64,
    "nonlin": "tanh",
    "learning_rate": 3e-3,
    "batch_size": 16,
    "epochs": 50,
    "normalization": "channel",
}


def facts(classes: int = 2) -> Facts:
    """Facts of the set; any number of `classes`."""
    return _points.facts("Spirals", classes)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The points; nothing is read, `folder` and `download` do not count."""
    return _points.arrays(_draw, classes)


TURNS = 1.0
INNER = 0.1  # of the outer radius: arms that met in the middle could not be told apart


def _draw(random: np.random.RandomState, labels: np.ndarray) -> np.ndarray:
    radius = random.uniform(INNER, 1.0, len(labels))
    start = 2 * np.pi * labels / (labels.max() + 1)
    points = _points.around(start + 2 * np.pi * TURNS * radius, radius)
    return points + random.normal(0, 0.02, points.shape)
