"""Angles between vectors, in degrees."""

from math import sqrt

import torch
from torch import Tensor


def angle(u: Tensor, v: Tensor) -> Tensor:
    """∠(u, v) along the last dimension, in degrees, float64; NaN where either is zero or not finite: there is no angle.

    Kahan's formula 2·atan2(|û-v̂|, |û+v̂|) keeps its precision near 0° and 180°, where arccos loses half of its digits. Both
    lengths are taken times |u|, which saves making û and v̂: with millions of weights their memory is what costs time.
    """
    return degrees(between(u, v))


def between(u: Tensor, v: Tensor) -> Tensor:
    """(4, …): |u|, |v|, |u - s v| and |u + s v| along the last dimension, with s = |u|/|v|: all that is said of two vectors."""
    lengths = [torch.linalg.vector_norm(w, dim=-1) for w in (u, v)]
    s = (lengths[0] / lengths[1]).unsqueeze(-1)
    return torch.stack([*lengths, *(torch.linalg.vector_norm(torch.addcmul(u, v, s, value=sign), dim=-1) for sign in (-1, 1))])


def degrees(lengths: Tensor) -> Tensor:
    """The angle from what `between` gives, float64."""
    apart, along = lengths[2].double(), lengths[3].double()
    angle = torch.rad2deg(2 * torch.atan2(apart, along))  # NaN if v is zero: 0·∞
    return torch.where(apart + along == 0, torch.nan, angle)  # u is zero


def mean_and_spread(angles: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the last dimension, of the angles that there are."""
    mean = angles.nanmean(-1)
    return mean, (angles - mean.unsqueeze(-1)).square().nanmean(-1).sqrt()


def joint_angle(lengths_u: Tensor, lengths_v: Tensor, angles: Tensor) -> Tensor:
    """∠ between two vectors made of parts, from the parts' lengths (…, L) and the angles between them (…, L), in degrees.

    With a = 1/|u|, b = 1/|v| and θ_l the angle between the parts l, the same formula needs
    |au-bv|² = Σ (a|u_l|-b|v_l|)² + 4ab|u_l||v_l|·sin²(θ_l/2), and |au+bv|² with cos²; the joined vectors, which
    are as long as the network has weights, are never made. NaN if either vector is zero.
    """
    u, v = lengths_u.double(), lengths_v.double()
    u, v = (lengths / torch.linalg.vector_norm(lengths, dim=-1, keepdim=True) for lengths in (u, v))
    half = torch.deg2rad(angles.double()).nan_to_num() / 2  # a part of length zero has no angle, and no product
    apart, along = ((u - v).square() + 4 * u * v * f(half).square() for f in (torch.sin, torch.cos))
    return torch.rad2deg(2 * torch.atan2(apart.sum(-1).sqrt(), along.sum(-1).sqrt()))


def random_band(n: int) -> float:
    """Standard deviation, in degrees, of the angle between random vectors of n entries: 57.3°/√n around 90°."""
    return 180 / torch.pi / sqrt(n)
