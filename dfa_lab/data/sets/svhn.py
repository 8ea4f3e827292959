"""SVHN: 630,420 house numbers cut out of street photographs, 32x32, colour; trained on train and extra, as in dfa-torch, or on
train alone, as torchvision has it."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.errors import DataError
from dfa_lab.data.fetching import obtain
from dfa_lab.data.folder import damaged, holds, how_to_get, shown

SETTINGS = ("svhn_extra",)
ALONE, EXTRA = ("train", "test"), "extra"


def files(*splits: str) -> tuple[str, ...]:
    """Their names in the data folder."""
    return tuple(f"{split}_32x32.mat" for split in splits)


def facts(extra: bool = True) -> Facts:
    """Facts of the set; `extra`: with that part."""
    train, megabytes = (604_388, 1575) if extra else (73_257, 246)
    return Facts("SVHN", (3, 32, 32), 10, train, 26_032, megabytes=megabytes)


def here(folder: Path, extra: bool = True) -> bool:
    """Whether its files are in `folder`; none is read."""
    return holds(folder, files(*ALONE, *([EXTRA] if extra else [])))


def load(folder: Path, download: bool, extra: bool) -> Arrays:
    """The images from `folder`/train_32x32.mat, with `extra` those of extra_32x32.mat after them, and test_32x32.mat.

    Raises DataError if they cannot be had.
    """
    splits = ("train", EXTRA, "test") if extra else ALONE
    if extra and not download and here(folder, extra=False) and not here(folder):
        raise DataError(
            f"SVHN's extra images are not in the data folder {shown(folder)} ({files(EXTRA)[0]} is missing): leave them out "
            f"with --svhn_extra 0 (in the page: SVHN's extra images), or {how_to_get(facts())}."
        )
    obtain(folder, download, facts(extra), files(*splits), "SVHN", splits)
    x_train, y_train = _parts(folder, *splits[:-1])
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
