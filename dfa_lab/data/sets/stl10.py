"""STL-10: 13,000 labelled colour photographs of ten kinds of things, 96x96."""

import math
from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.fetching import obtain
from dfa_lab.data.folder import damaged, holds

CLASS_NAMES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")
SHAPE = (3, 96, 96)
FILES = tuple(f"stl10_binary/{name}.bin" for name in ("train_X", "train_y", "test_X", "test_y"))


def facts(classes: int = 2) -> Facts:
    """Facts of the set; `classes` does not count."""
    return Facts("STL-10", SHAPE, 10, 5_000, 8_000, megabytes=2640)


def here(folder: Path) -> bool:
    """Whether its files are in `folder`; none is read."""
    return holds(folder, FILES)


def first(folder: Path, count: int) -> np.ndarray:
    """The first training images (count, 3, 96, 96). Raises OSError or ValueError if they cannot be had."""
    data = np.fromfile(folder / FILES[0], np.uint8, count=count * math.prod(SHAPE))
    return data.reshape(count, *SHAPE).transpose(0, 1, 3, 2)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The labelled images from `folder`/stl10_binary. Raises DataError if they cannot be had.

    Read without torchvision, which would want the 2.7 GB of unlabelled images too.
    """
    obtain(folder, download, facts(), FILES, "STL10")
    x_train, y_train, x_test, y_test = (_read(folder / name) for name in FILES)
    return Arrays(x_train, y_train, x_test, y_test, CLASS_NAMES)


def _read(path: Path) -> np.ndarray:
    data = np.fromfile(path, np.uint8)
    if path.stem.endswith("_y"):
        return data.astype(np.int64) - 1
    if len(data) == 0 or len(data) % np.prod(SHAPE):
        raise damaged(path, facts(), f"its {len(data)} bytes are not whole images of {np.prod(SHAPE)}")
    return np.ascontiguousarray(data.reshape(-1, *SHAPE).transpose(0, 1, 3, 2))  # stored column by column
