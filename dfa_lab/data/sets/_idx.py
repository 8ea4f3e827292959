"""The idx files of MNIST and its likes: a short header and plain bytes, perhaps gzipped."""

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.fetching import obtain
from dfa_lab.data.folder import damaged, holds, require

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
HEADER = 16  # bytes before the images
ZIPPED = tuple(name + ".gz" for name in FILES)


def names(torchvision: str, files: tuple[str, ...] = FILES) -> list[str]:
    """The four files relative to the data folder, in torchvision's layout."""
    return [f"{torchvision}/raw/{file}" for file in files]


def here(folder: Path, torchvision: str) -> bool:
    """Whether the four files are there, each as it is or gzipped."""
    pairs = zip(names(torchvision), names(torchvision, ZIPPED), strict=True)
    return all(holds(folder, [plain]) or holds(folder, [zipped]) for plain, zipped in pairs)


def load(folder: Path, download: bool, facts: Facts, torchvision: str, class_names: tuple[str, ...]) -> Arrays:
    """Images and labels of the set whose torchvision class is `torchvision`.

    Raises DataError if files are missing or damaged, OSError if the system refuses them.
    """
    if not here(folder, torchvision):
        if not download:  # the first of those that are there in neither form
            pairs = zip(names(torchvision), names(torchvision, ZIPPED), strict=True)
            require(folder, facts, [plain for plain, zipped in pairs if not holds(folder, [zipped])])
        obtain(folder, download, facts, names(torchvision), torchvision)
    pairs = zip(names(torchvision), names(torchvision, ZIPPED), strict=True)
    files = [plain if holds(folder, [plain]) else zipped for plain, zipped in pairs]
    x_train, y_train, x_test, y_test = (
        read(folder / file, facts, dimensions) for file, dimensions in zip(files, (3, 1, 3, 1), strict=True)
    )
    return Arrays(x_train[:, None], y_train.astype(np.int64), x_test[:, None], y_test.astype(np.int64), class_names)


def first(folder: Path, torchvision: str, shape: tuple[int, ...], count: int) -> np.ndarray:
    """The first training images (count, C, H, W), without reading the rest.

    Raises OSError or ValueError if they cannot be had.
    """
    name = FILES[0] if holds(folder, names(torchvision, FILES[:1])) else ZIPPED[0]
    path, size = folder / names(torchvision, (name,))[0], math.prod(shape)
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        data = file.read(HEADER + count * size)
    return np.frombuffer(data, np.uint8, offset=HEADER).reshape(count, *shape)


def read(path: Path, facts: Facts, dimensions: int) -> np.ndarray:
    """One idx file of unsigned bytes as an array with that many dimensions.

    Raises DataError if the file is damaged.
    """
    data = path.read_bytes()
    if path.suffix == ".gz":
        try:
            data = gzip.decompress(data)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise damaged(path, facts, "it cannot be unzipped") from error
    header = 4 * (1 + dimensions)
    if len(data) < header or data[:4] != bytes([0, 0, 8, dimensions]):
        raise damaged(path, facts, "it does not begin like an idx file of this kind")
    shape = [int.from_bytes(data[at : at + 4], "big") for at in range(4, header, 4)]
    if len(data) != header + math.prod(shape):
        raise damaged(path, facts, f"it has {len(data)} bytes and should have {header + math.prod(shape)}")
    return np.frombuffer(bytearray(data), np.uint8, offset=header).reshape(shape)  # bytearray: torch wants it writable
