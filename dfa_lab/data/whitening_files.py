"""Keep whitening matrices on disk: CIFAR's take half a minute to compute."""

import hashlib
from pathlib import Path
from uuid import uuid4

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from dfa_lab.data.whitening import EPSILON, zca

VERSION = 1  # of what `zca` computes: to be raised when that changes


def kept_zca(x: np.ndarray, exact: bool, folder: Path | None, name: str) -> tuple[Tensor, Tensor]:
    """The matrices of `zca`, from a file in `folder` where there is one, and else kept there; None: not kept.

    The file's name carries a hash of all that the matrices depend on, the training samples `x` included. A damaged file
    is replaced; a folder that cannot be written to only means that nothing is kept.
    """
    if folder is None:
        return zca(x, exact)
    file = folder / f"whitening-{name}-{_identity(x, exact)}.safetensors"
    found = _read(file)
    if found is None:
        found = zca(x, exact)
        _write(file, *found)
    return found


def _identity(x: np.ndarray, exact: bool) -> str:
    digest = hashlib.blake2b(repr((VERSION, EPSILON, exact, x.shape, x.dtype.str)).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(x).data)
    return digest.hexdigest()


def _checksum(mean: Tensor, matrix: Tensor) -> Tensor:
    digest = hashlib.blake2b(mean.numpy().data)
    digest.update(matrix.numpy().data)
    return torch.tensor(list(digest.digest()), dtype=torch.uint8)


def _read(file: Path) -> tuple[Tensor, Tensor] | None:
    """None if the file is not there, cannot be read or is damaged."""
    try:
        found = load(file.read_bytes())
        mean, matrix, checksum = found["mean"], found["matrix"], found["checksum"]
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
    return (mean, matrix) if torch.equal(_checksum(mean, matrix), checksum) else None


def _write(file: Path, mean: Tensor, matrix: Tensor) -> None:
    """Write the whole file or nothing: other processes may be reading."""
    part = file.with_name(f".{file.name}.{uuid4().hex}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(save({"mean": mean, "matrix": matrix, "checksum": _checksum(mean, matrix)}))
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, ValueError):  # a full disk, no permission, no valid path
        pass
