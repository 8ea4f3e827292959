"""scikit-learn's handwritten digits: 1,797 real 8x8 images with 17 shades of grey, always there."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts

PLACE = 1
TRAIN, TEST = 1437, 360


def facts(classes: int = 2) -> Facts:
    """Facts of the set; `classes` does not count."""
    return Facts("Digits", (1, 8, 8), 10, TRAIN, TEST)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The images, 0 to 16, in a fixed shuffled split; `folder` and `download` do not count."""
    table = _table()
    x = table[:, :-1].astype(np.uint8).reshape(-1, 1, 8, 8)
    y = table[:, -1].astype(np.int64)
    order = np.random.RandomState(2016).permutation(len(x))  # RandomState, since its order is the same in every numpy
    train, test = order[:TRAIN], order[TRAIN:]
    return Arrays(x[train], y[train], x[test], y[test], tuple(str(n) for n in range(10)))


def _table() -> np.ndarray:
    """(1797, 65): 64 shades of an image and its class in each row.

    scikit-learn reads the same file in the same way, but to import it takes over a second: as long as a short training.
    """
    spec = find_spec("sklearn")  # imports nothing
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (file := Path(folder, "datasets", "data", "digits.csv.gz")).is_file():
            return np.loadtxt(file, delimiter=",")
    from sklearn.datasets import load_digits  # one that keeps its files elsewhere

    images, labels = load_digits(return_X_y=True)
    return np.column_stack([np.asarray(images), np.asarray(labels)])
