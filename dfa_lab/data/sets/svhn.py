"""SVHN: 630,420 house numbers cut out of street photographs, 32x32, colour; trained on train and extra, as in dfa-torch."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.fetching import obtain
from dfa_lab.data.folder import damaged, holds

SPLITS = ("train", "extra", "test")
FILES = tuple(f"{split}_32x32.mat" for split in SPLITS)


def facts(classes: int = 2) -> Facts:
    """Facts of the set; `classes` does not count."""
    return Facts("SVHN", (3, 32, 32), 10, 604_388, 26_032, megabytes=1575)


def here(folder: Path) -> bool:
    """Whether its files are in `folder`; none is read."""
    return holds(folder, FILES)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The images from `folder`/train_32x32.mat, extra_32x32.mat and test_32x32.mat.

    Raises DataError if they cannot be had.
    """
    obtain(folder, download, facts(), FILES, "SVHN", SPLITS)
    x_train, y_train = _parts(folder, "train", "extra")
    x_test, y_test = _parts(folder, "test")
    return Arrays(x_train, y_train, x_test, y_test, tuple(str(n) for n in range(10)))


def _parts(folder: Path, *splits: str) -> tuple[np.ndarray, np.ndarray]:
    found = [_part(folder, split) for split in splits]
    images = np.empty((sum(len(x) for x, _ in found), *facts().shape), np.uint8)
    np.concatenate([x for x, _ in found], out=images)  # into one array at once: extra alone is 1.6 GB
    return images, np.concatenate([y for _, y in found])


def _part(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    from torchvision import datasets

    try:
        found = datasets.SVHN(folder, split)
    except RuntimeError as error:  # it compares checksums before it reads anything
        raise damaged(folder / f"{split}_32x32.mat", facts(), "its checksum is wrong") from error
    return found.data, found.labels
