"""Angles between vectors, in degrees."""

from math import sqrt

import torch
from torch import Tensor


def angle(u: Tensor, v: Tensor) -> Tensor:
    """∠(u, v) along the last dimension, in degrees, float64; NaN where either is zero or not finite: there is no angle.

    Kahan's formula 2·atan2(|û-v̂|, |û+v̂|) keeps its precision near 0° and 180°, where arccos loses half of its digits.
    """
    u, v = u.double(), v.double()
    length_u, length_v = u.norm(dim=-1, keepdim=True), v.norm(dim=-1, keepdim=True)
    u, v = u / length_u, v / length_v  # 0/0 is NaN
    return torch.rad2deg(2 * torch.atan2((u - v).norm(dim=-1), (u + v).norm(dim=-1)))


def random_band(n: int) -> float:
    """Standard deviation, in degrees, of the angle between random vectors of n entries: 57.3°/√n around 90°."""
    return 180 / torch.pi / sqrt(n)
