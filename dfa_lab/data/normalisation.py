"""Offset and scale of the inputs, from the training set alone."""

from dataclasses import dataclass

import numpy as np
import torch

ROWS_AT_ONCE = 2000  # bounds the float64 copy: 400 MB for STL-10


@dataclass(frozen=True)
class Statistics:
    """Smallest, largest, mean and (population) standard deviation of each pixel or feature: float64, of one sample's
    shape."""

    least: np.ndarray
    most: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


def measure(x: np.ndarray) -> Statistics:
    """Statistics of (N, C, H, W) images or (N, features) points."""

    def average(power: int, about: np.ndarray | float) -> np.ndarray:
        parts = (x[at : at + ROWS_AT_ONCE].astype(float) for at in range(0, len(x), ROWS_AT_ONCE))
        return sum((((part - about) ** power).sum(axis=0) for part in parts), np.zeros(x.shape[1:])) / len(x)

    mean = average(1, 0.0)
    return Statistics(x.min(axis=0).astype(float), x.max(axis=0).astype(float), mean, np.sqrt(average(2, mean)))


def offset_and_scale(kind: str, statistics: Statistics) -> tuple[torch.Tensor, torch.Tensor]:
    """What `(x - offset) * scale` needs for `kind` (scale, simple, channel or image): float32, broadcast over samples.

    What never varies (a pixel, a channel, a set) is only shifted.
    """
    s = statistics
    dimensions = tuple(range(s.mean.ndim))
    over = {"scale": dimensions, "simple": dimensions, "channel": dimensions[1:], "image": ()}[kind]
    least, most = s.least.min(over, keepdims=True), s.most.max(over, keepdims=True)
    if kind == "scale":
        offset, width = least, most - least
    else:
        offset = s.mean.mean(over, keepdims=True)
        width = np.sqrt((s.deviation**2 + (s.mean - offset) ** 2).mean(over, keepdims=True))
    width = np.where((least < most) & (width > 0), width, 1.0)
    return torch.tensor(offset, dtype=torch.float32), torch.tensor(1.0 / width, dtype=torch.float32)
