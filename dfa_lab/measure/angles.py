"""Angles between vectors, in degrees."""

import torch
from torch import Tensor

from dfa_lab.measure.lengths import scaled, unsafe


def angle(u: Tensor, v: Tensor) -> Tensor:
    """∠(u, v) along the last dimension, in degrees, float64; NaN where either is zero or not finite: there is no angle.

    Kahan's formula 2·atan2(|û-v̂|, |û+v̂|) keeps its precision near 0° and 180°, where arccos loses half of its digits. Both
    lengths are taken times |u|, which saves making û and v̂: with millions of weights their memory is what costs time.
    """
    return degrees(between(u, v))


def between(u: Tensor, v: Tensor) -> Tensor:
    """(4, …) along the last dimension: |u|, |v|, and, both times the same number, |û - v̂| and |û + v̂|.

    All that is said of two vectors; in float64 where their own format cannot tell. On a CPU only those that are too short or
    too long for it are scaled, each run (the first of several dimensions) by itself: no digit depends on the other runs.
    """
    if u.device.type != "cpu":
        return _of_scaled(u, v)  # a CUDA graph cannot ask which
    found = _of_unscaled(u, v)
    outside = unsafe(found[:2], u.dtype)
    if outside is None:
        return found
    if u.dim() == 1:
        return _of_scaled(u, v)
    found = found.double()
    for run, rows in enumerate(outside.any(0)):
        if rows.any():
            found[:, run, rows] = _of_scaled(u[run][rows], v[run][rows])
    return found


def _of_unscaled(u: Tensor, v: Tensor) -> Tensor:
    lengths = [torch.linalg.vector_norm(w, dim=-1) for w in (u, v)]
    s = (lengths[0] / lengths[1]).unsqueeze(-1)
    return torch.stack([*lengths, *(torch.linalg.vector_norm(torch.addcmul(u, v, s, value=sign), dim=-1) for sign in (-1, 1))])


def _of_scaled(u: Tensor, v: Tensor) -> Tensor:
    (u, size_u), (v, size_v) = scaled(u), scaled(v)
    found = _of_unscaled(u, v).double()
    return torch.stack([found[0] * size_u, found[1] * size_v, found[2], found[3]])


def degrees(lengths: Tensor) -> Tensor:
    """The angle from what `between` gives, float64."""
    apart, along = lengths[2].double(), lengths[3].double()
    angle = torch.rad2deg(2 * torch.atan2(apart, along))  # NaN if v is zero: 0·∞
    return torch.where(apart + along == 0, torch.nan, angle)  # u is zero


def mean_and_spread(angles: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over the last dimension, of the angles that there are."""
    mean = angles.nanmean(-1)
    return mean, (angles - mean.unsqueeze(-1)).square().nanmean(-1).sqrt()


def joint_angle(lengths: Tensor, whole: Tensor, angles: Tensor) -> Tensor:
    """∠ between two vectors u and v made of parts, in degrees: from the lengths of their parts (2, …, L), their own (2, …), and
    the angles between the parts (…, L).

    With a = 1/|u|, b = 1/|v| and θ_l the angle between the parts l, the same formula needs
    |au-bv|² = Σ (a|u_l|-b|v_l|)² + 4ab|u_l||v_l|·sin²(θ_l/2), and |au+bv|² with cos²; the joined vectors, which
    are as long as the network has weights, are never made. NaN if either vector is zero.
    """
    u, v = lengths.double() / whole.double().unsqueeze(-1)
    half = torch.deg2rad(angles.double()).nan_to_num() / 2  # a part of length zero has no angle, and no product
    apart, along = ((u - v).square() + 4 * u * v * f(half).square() for f in (torch.sin, torch.cos))
    return torch.rad2deg(2 * torch.atan2(apart.sum(-1).sqrt(), along.sum(-1).sqrt()))
