"""Small made-up data sets in the layout of MNIST and of CIFAR-10, so that nothing is downloaded."""

import struct
from pathlib import Path

import numpy as np


def make_images(folder: Path) -> None:
    """Small sets in the layout of MNIST and CIFAR-10: noisy pictures of ten kinds, MNIST's with a black frame."""
    random = np.random.RandomState(2016)  # RandomState, since its numbers are the same in every numpy

    def pictures(kinds: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        labels = random.permutation(np.arange(count) % 10).astype(np.uint8)
        clean = kinds[labels].repeat(4, axis=-2).repeat(4, axis=-1)
        return (clean + random.randint(0, 64, clean.shape)).astype(np.uint8), labels

    raw, cifar = folder / "MNIST" / "raw", folder / "cifar-10-batches-bin"
    for one in (raw, cifar):
        one.mkdir(parents=True)
    kinds = random.randint(0, 192, (10, 7, 7))
    for name, count in (("train", 600), ("t10k", 200)):
        images, labels = pictures(kinds, count)
        images[:, :2], images[:, :, -3:] = 0, 0
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = struct.pack(f">{1 + array.ndim}i", 0x800 + array.ndim, *array.shape)
            (raw / f"{name}-{kind}-ubyte").write_bytes(header + array.tobytes())
    kinds = random.randint(0, 192, (10, 3, 8, 8))
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        images, labels = pictures(kinds, 80)
        (cifar / f"{name}.bin").write_bytes(np.concatenate([labels[:, None], images.reshape(80, -1)], axis=1).tobytes())
