"""Small data sets in the published formats, to be broken by the tests, and what a sentence has to be like."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from dfa_lab import data
from dfa_lab.settings.parsing import parse

CPU = torch.device("cpu")
IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def load(dataset: str, folder: Path | str = "", **settings: object) -> data.DataSet:
    """The set on the CPU, as a person would ask for it who knows that it may be a small one."""
    return data.load(parse({"dataset": dataset, "datapath": str(folder), "incomplete": True, **settings}), CPU)


def idx(array: np.ndarray) -> bytes:
    """A uint8 array as the bytes of an idx file."""
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


def mnist(folder: Path, train: int = 20, test: int = 10, name: str = "MNIST") -> Path:
    """A sound MNIST of a few images of noise in `folder`; gives the folder with the four files."""
    raw = folder / name / "raw"
    raw.mkdir(parents=True)
    random = np.random.RandomState(0)
    for part, count in (("train", train), ("t10k", test)):
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(random.randint(0, 256, (count, 28, 28))))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count) % 10))
    return raw


def cifar10(folder: Path, rows: int = 4) -> Path:
    """A sound binary CIFAR-10 of a few images: image i of a file has label i and all its pixels i."""
    where = folder / "cifar-10-batches-bin"
    where.mkdir(parents=True)
    row = np.repeat(np.arange(rows, dtype=np.uint8)[:, None], 1 + 3072, axis=1)
    for name in [*(f"data_batch_{n}.bin" for n in range(1, 6)), "test_batch.bin"]:
        (where / name).write_bytes(row.tobytes())
    return where


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def is_one_sentence(text: str) -> bool:
    """One line, one full stop, capital or file name first, no trace of a Python error."""
    starts_well = re.match(r"[A-Z/]", text) is not None
    return starts_well and text.endswith(".") and not re.search(r"\. |\n|Traceback|Error\b|Errno|urlopen", text)


def sentence(dataset: str, folder: Path | str, **settings: object) -> str:
    """What loading says; the folder must stay as it was."""
    before = files_below(Path(folder)) if os.path.isdir(folder) else []  # noqa: PTH112 (Path.is_dir raises)
    with pytest.raises(data.DataError) as caught:
        load(dataset, folder, **settings)
    if before:
        assert files_below(Path(folder)) == before
    text = str(caught.value)
    assert is_one_sentence(text), text
    return text
