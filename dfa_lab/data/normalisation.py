"""Offset and scale of the inputs, from the training set alone."""

from dataclasses import dataclass

import numpy as np
import torch

ROWS_AT_ONCE = 2000  # bounds the float64 copy: 400 MB for STL-10


@dataclass(frozen=True)
class Statistics:
    """Smallest, largest, mean and (population) standard deviation of each channel or feature, float64."""

    least: np.ndarray
    most: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


def measure(x: np.ndarray) -> Statistics:
    """Statistics of (N, C, H, W) images or (N, features) points."""
    within = (0, *range(2, x.ndim))
    pixels = x[:, 0].size

    def total(power: int, about: np.ndarray | float) -> np.ndarray:
        parts = (x[at : at + ROWS_AT_ONCE].astype(float) for at in range(0, len(x), ROWS_AT_ONCE))
        return sum((((part - about) ** power).sum(axis=within) for part in parts), np.zeros(x.shape[1]))

    mean = total(1, 0.0) / pixels
    spread = total(2, mean.reshape(-1, *[1] * (x.ndim - 2))) / pixels
    return Statistics(x.min(axis=within).astype(float), x.max(axis=within).astype(float), mean, np.sqrt(spread))


def offset_and_scale(kind: str, statistics: Statistics, dimensions: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What `(x - offset) * scale` needs for `kind` (scale, simple or channel): float32, broadcast over (N, *shape).

    `dimensions` is len(shape). A channel (or a set) that never varies is only shifted.
    """
    s = statistics
    if kind == "scale":
        offset, width = s.least.min(), s.most.max() - s.least.min()
    elif kind == "simple":
        offset = s.mean.mean()
        width = np.sqrt((s.deviation**2 + s.mean**2).mean() - offset**2) if s.least.min() < s.most.max() else 0.0
    else:
        offset, width = s.mean, np.where(s.least < s.most, s.deviation, 0.0)
    width = np.where(width > 0, width, 1.0)
    shape = (-1, *[1] * (dimensions - 1)) if kind == "channel" else ()
    return (
        torch.tensor(offset, dtype=torch.float32).reshape(shape),
        torch.tensor(1.0 / width, dtype=torch.float32).reshape(shape),
    )
