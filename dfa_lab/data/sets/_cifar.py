"""CIFAR from its official binary version (plain bytes), else from the pickles that torchvision downloads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.fetching import obtain
from dfa_lab.data.folder import damaged, holds, require

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Layout:
    """Where the two versions keep their files, and how many label bytes come before the pixels (the last one counts)."""

    train: tuple[str, ...]
    test: tuple[str, ...]
    label_bytes: int
    torchvision: str
    pickles: tuple[str, ...]

    @property
    def binary(self) -> tuple[str, ...]:
        return self.train + self.test


def here(folder: Path, layout: Layout) -> bool:
    """Whether either version is there."""
    return holds(folder, layout.binary) or holds(folder, layout.pickles)


def load(folder: Path, download: bool, facts: Facts, layout: Layout, class_names: tuple[str, ...]) -> Arrays:
    """Images and labels, from the binary version if it is there.

    Raises DataError if files are missing or damaged, OSError if the system refuses them.
    """
    if holds(folder, layout.binary):
        parts = [_bytes(folder, names, facts, layout.label_bytes) for names in (layout.train, layout.test)]
    else:
        begun = any((folder / name).is_file() for name in layout.binary)
        if begun and not download and not holds(folder, layout.pickles):
            require(folder, facts, layout.binary)  # which of these is missing
        obtain(folder, download, facts, layout.pickles, layout.torchvision)
        parts = [_pickled(folder, train, facts, layout) for train in (True, False)]
    (x_train, y_train), (x_test, y_test) = parts
    return Arrays(x_train, y_train, x_test, y_test, class_names)


def first(folder: Path, layout: Layout, count: int) -> np.ndarray:
    """The first training images (count, 3, 32, 32) of the binary version, without reading the rest.

    Raises OSError or ValueError if they cannot be had.
    """
    row = layout.label_bytes + PIXELS
    data = np.fromfile(folder / layout.train[0], np.uint8, count=count * row)
    return data.reshape(count, row)[:, layout.label_bytes :].reshape(count, *SHAPE)


def _bytes(folder: Path, names: Sequence[str], facts: Facts, label_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    rows = []
    for name in names:
        data = np.fromfile(folder / name, np.uint8)
        if len(data) == 0 or len(data) % (label_bytes + PIXELS):
            why = f"its {len(data)} bytes are not whole rows of {label_bytes + PIXELS}"
            raise damaged(folder / name, facts, why)
        rows.append(data.reshape(-1, label_bytes + PIXELS))
    table = np.concatenate(rows)
    return np.ascontiguousarray(table[:, label_bytes:]).reshape(-1, *SHAPE), table[:, label_bytes - 1].astype(np.int64)


def _pickled(folder: Path, train: bool, facts: Facts, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    from torchvision import datasets

    try:
        found = getattr(datasets, layout.torchvision)(folder, train=train)
    except RuntimeError as error:  # it compares checksums before it unpickles anything
        raise damaged((folder / layout.pickles[0]).parent, facts, "a checksum is wrong") from error
    return np.ascontiguousarray(found.data.transpose(0, 3, 1, 2)), np.array(found.targets, np.int64)
