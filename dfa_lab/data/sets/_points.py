"""Two-dimensional toy sets: the same points every time, classes in equal numbers."""

from collections.abc import Callable

import numpy as np

from dfa_lab.data.about import Arrays, Facts

TRAIN, TEST = 1000, 500


def facts(title: str, classes: int) -> Facts:
    """Facts of a toy set of (2,) points."""
    return Facts(title, (2,), classes, TRAIN, TEST)


def arrays(draw: Callable[[np.random.RandomState, np.ndarray], np.ndarray], classes: int) -> Arrays:
    """Training and test points of `draw(random, labels) -> (N, 2)`."""
    random = np.random.RandomState(2016)  # RandomState, since its numbers are the same in every numpy
    parts: list[np.ndarray] = []
    for count in (TRAIN, TEST):
        labels = random.permutation(np.arange(count, dtype=np.int64) % classes)
        parts += [draw(random, labels).astype(np.float32), labels]
    x_train, y_train, x_test, y_test = parts
    return Arrays(x_train, y_train, x_test, y_test, tuple(str(n) for n in range(classes)))


def around(angle: np.ndarray, radius: np.ndarray | float = 1.0) -> np.ndarray:
    """(N, 2) points at `angle` (radians) and `radius` from the middle."""
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
