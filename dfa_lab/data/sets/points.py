"""Points that a person drew: they are in a setting, and so in the link and in the store."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.settings import point_text
from dfa_lab.settings.drawn import START

SETTINGS = ("points",)
SUITS = {"learning_rate": 3e-3, "batch_size": 32, "epochs": 10_000, "normalization": "channel"}  # it has few points


def facts(points: str = START) -> Facts:
    """Facts of the set that the text `points` holds."""
    drawn = point_text.decode(points)
    train, test = point_text.split(drawn)
    return Facts("Your own points", (2,), point_text.classes(drawn), len(train), len(test))


def load(folder: Path, download: bool, points: str) -> Arrays:
    """The points of the text, from -1 to 1; nothing is read, `folder` and `download` do not count."""
    drawn = point_text.decode(points)
    parts: list[np.ndarray] = []
    for part in point_text.split(drawn):
        parts.append(np.array([(point_text.place(x), point_text.place(y)) for x, y, _ in part], np.float32))
        parts.append(np.array([t for _, _, t in part], np.int64))
    x_train, y_train, x_test, y_test = parts
    return Arrays(x_train, y_train, x_test, y_test, tuple(map(str, range(point_text.classes(drawn)))))
