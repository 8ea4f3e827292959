"""Clouds of points around the corners of a polygon, one for each class."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.sets import _points

SETTINGS = ("classes",)


def facts(classes: int = 2) -> Facts:
    """Facts of the set; any number of `classes`."""
    return _points.facts("Gaussians", classes)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The points; nothing is read, `folder` and `download` do not count."""
    return _points.arrays(_draw, classes)


def _draw(random: np.random.RandomState, labels: np.ndarray) -> np.ndarray:
    middles = _points.around(2 * np.pi * labels / (labels.max() + 1))
    return middles + random.normal(0, 0.2, middles.shape)
