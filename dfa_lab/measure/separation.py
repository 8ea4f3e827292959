"""Lengths that say how far two vectors lie apart, for several runs at once: (4, R, …) as `angles.between` gives them.

Shapes: R runs, N samples, n units. A run's last digits do not depend on which other runs are measured with it.
The truth is what bp has. Runs under bp come first; what they have is the truth, so it is found once, and only the other
runs' is handed over beside it.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from dfa_lab.machine.memory_layout import in_rows, product, whole_vectors
from dfa_lab.measure.angles import between, degrees
from dfa_lab.measure.lengths import length, scaled, shortest
from dfa_lab.measure.likeness import mean_cosine

SHARED = 32768  # numbers, from which on torch's threads share the work on a tensor, in parts that depend on how many they are
ABOUT_TO_FADE = 1000.0  # times the shortest length; where samples were typically 10 times as long, the mean was off by 1°
AT_ONCE = 512  # samples, each compared with all
LARGEST = 2.0**24  # so that a product with entries of 1e-45 keeps its digits and one with 1e25 does not overflow


def of_signals(sent: Tensor | None, true: Tensor) -> Tensor:
    """(4, R, N) for δ̂ and δ (R, N, n), sample by sample; `sent`: δ̂ of the last runs, None: all are under bp.

    A sample that has faded has no angle. In a batch that is about to fade the others may not stand for those that have gone:
    NaN for all of it.
    """
    found, least = _beside(sent, true, _to), shortest(true.dtype)
    sizes = found[:2]
    if _none_below(sizes, least):
        return found
    typical = length(sizes) / sizes.shape[-1] ** 0.5
    gone = (sizes < least).any(-1) & _between_zero_and(typical, ABOUT_TO_FADE * least)
    found = _without_angle(found, _between_zero_and(sizes, least).any(0))
    return torch.where(gone.any(0).unsqueeze(-1), torch.nan, found)


def mean_angle(sent: Tensor, true: Tensor) -> float | None:
    """Mean angle between δ̂ and δ (N, …) of one run, in degrees, over the samples that have one; None where none has."""
    mean = float(degrees(of_signals(sent.flatten(1)[None], true.flatten(1)[None])).nanmean())
    return None if mean != mean else mean


def of_gradients(rule: Tensor | None, true: Tensor) -> Tensor:
    """(4, R) for the ΔW of the rule and of bp, (R, …), all of their entries; `rule`: of the last runs, or of none.

    There is no angle where one of them has faded.
    """
    return without_faded(_beside(rule, true, separation), true.dtype)


def of_products(h: Tensor, rule: Tensor | None, true: Tensor) -> Tensor:
    """(4, R) as `of_gradients`, for ΔW = gᵀh that nobody has written down: h (R, N, n_in), g (R or fewer, N, n_out)."""
    N, n_in, n_out = h.shape[-2], h.shape[-1], true.shape[-1]
    first = len(true) - (0 if rule is None else len(rule))
    if 2 * n_in * n_out <= N * (n_in + 4 * n_out):
        return of_gradients(None if rule is None else product(rule.mT, h[first:]), product(true.mT, h))
    if len(h) > 1 and h.device.type == "cpu":  # each run alone, so that its last digits are those of a run alone
        rules = [*[None] * first, *(() if rule is None else rule.split(1))]
        return torch.cat([of_products(*one) for one in zip(h.split(1), rules, true.split(1), strict=True)], 1)
    parts = [_wide(h[:first], true[:first])] if first else []
    parts += [] if rule is None else [_wide(h[first:], rule, true[first:])]
    return without_faded(parts[0] if len(parts) == 1 else torch.cat(parts, 1), true.dtype)


def without_faded(found: Tensor, dtype: torch.dtype) -> Tensor:
    """The lengths (4, R) of vectors of this format that were computed, with no angle where one of the two has faded."""
    least = shortest(dtype)
    return found if _none_below(found[:2], least) else _without_angle(found, _between_zero_and(found[:2], least).any(0))


def _none_below(sizes: Tensor, least: float) -> bool:
    """To be asked on a CPU: a GPU would have to be waited for."""
    return sizes.device.type == "cpu" and sizes.numel() > 0 and bool(sizes.amin() >= least)


def _between_zero_and(sizes: Tensor, least: float) -> Tensor:
    """What is zero has no angle anyway, and a ratio of its own."""
    return (sizes > 0) & (sizes < least)


def _without_angle(found: Tensor, where: Tensor) -> Tensor:
    """NaN for |û - v̂| and |û + v̂| there."""
    return torch.cat([found[:2], torch.where(where, torch.nan, found[2:])])


def separation(u: Tensor, v: Tensor | None = None) -> Tensor:
    """(4, R) between all entries of two tensors (R, …), or of one and itself.

    Many entries on a CPU are compared run by run, as they would be if there were no others.
    """
    u, v = u.flatten(1), None if v is None else v.flatten(1)
    if u.device.type == "cpu" and u.numel() >= SHARED:
        pairs = zip(u.split(1), [None] * len(u) if v is None else v.split(1), strict=True)
        return torch.cat([_to(*pair) for pair in pairs], 1)
    return _to(u, v)


def agreement(sent: Tensor, true: Tensor, source: Tensor | None = None) -> Tensor:
    """(R,) float64: √ of the mean of (ûᵢ·ûⱼ)(v̂ᵢ·v̂ⱼ) over all pairs of samples, of δ̂ and δ (R, N, n) over their lengths.

    1: all samples are alike. Samples without an angle do not count; NaN if none has one. `source` (R, N, m): what a B of
    independent entries has made δ̂ of; ûᵢ·ûⱼ is then its mean over all such B, and not that of the one that was drawn.
    """
    if true.device.type == "cpu" and len(true) > 1:
        sources = [None] * len(true) if source is None else source.split(1)
        return torch.cat([agreement(*one) for one in zip(sent.split(1), true.split(1), sources, strict=True)])
    there = torch.stack([_has_direction(w) for w in (sent, true)]).all(0)
    u, v = (_directions(w, there) for w in (sent if source is None else source, true))
    total = torch.zeros(len(true), dtype=torch.float64, device=true.device)
    for some_u, some_v in zip(u.split(AT_ONCE, -2), v.split(AT_ONCE, -2), strict=True):
        alike = (some_u @ u.mT).double()
        if source is not None:
            alike = mean_cosine(alike, true.shape[-1])
        total += alike.mul_(some_v @ v.mT).sum((-2, -1))
    return total.clamp_(min=0).sqrt() / there.sum(-1)


def _has_direction(w: Tensor) -> Tensor:
    lengths = torch.linalg.vector_norm(scaled(w)[0], dim=-1)
    return (lengths > 0) & lengths.isfinite()


def _directions(w: Tensor, there: Tensor) -> Tensor:
    """w over its lengths, zero for the samples that are not there."""
    w, _ = scaled(w)
    return torch.where(there.unsqueeze(-1), w / torch.linalg.vector_norm(w, dim=-1, keepdim=True), 0)


def paths(Ws: Sequence[Tensor | None]) -> Iterator[tuple[int, Tensor | None]]:
    """(block, W_{L+1} ⋯ W_{l+1} times some number, (R, C, n_l)) from the last block down; of all W, (R, n_out, n_in) each.

    It is the direction that is asked for, and the product of many small W would leave the format. None from where a layer is
    not dense: no one matrix leads from there to the output.
    """
    path = Ws[-1]
    for block in range(len(Ws) - 1, 0, -1):
        yield block, path
        W = Ws[block - 1]
        path = None if path is None or W is None or block == 1 else product(_resized(path), W)


def _resized(path: Tensor) -> Tensor:
    """Multiplied so that its largest entry is LARGEST; NaN where all are zero."""
    return in_rows((path / path.abs().amax((1, 2), keepdim=True)).mul_(LARGEST))


def side_by_side(lengths: list[Tensor], dim: int) -> Tensor:
    """The lengths of several layers along a new dimension `dim`, in float64.

    It is filled up with zeros, which have no angle, so that digits do not depend on how many runs there are.
    """
    return whole_vectors(torch.stack(lengths, dim)).double()


def _beside(rule: Tensor | None, true: Tensor, compare: Callable[[Tensor, Tensor | None], Tensor]) -> Tensor:
    first = len(true) - (0 if rule is None else len(rule))
    parts = [compare(true[:first], None)] if first else []
    parts += [] if rule is None else [compare(rule, true[first:])]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


def _to(u: Tensor, v: Tensor | None) -> Tensor:
    if v is not None:
        return between(u, v)
    return _to_itself(length(u))


def _to_itself(lengths: Tensor) -> Tensor:
    """Between a vector and itself; none of a zero one, nor of one whose length is not finite."""
    same = lengths / lengths
    return torch.stack([lengths, lengths, same - same, 2 * same])


def _wide(h: Tensor, g: Tensor, true: Tensor | None = None) -> Tensor:
    """The gradients of wide layers are expensive, and their lengths need only products between samples:
    |gᵀh|² = Σᵢⱼ (gᵢ·gⱼ)(hᵢ·hⱼ)."""
    h, size_h = scaled(h)
    hh = h @ h.mT

    def own(one: Tensor) -> tuple[Tensor, Tensor]:
        """(Samples over the largest entry of all gᵢᵀhᵢ, so that each keeps its share of the sum; that entry (R,))."""
        one, size = scaled(one)
        sizes, largest = scaled(size.double() * size_h.double())
        return one * sizes.unsqueeze(-1).to(one.dtype), largest

    def length(one: Tensor) -> Tensor:
        products = (one @ one.mT).mul_(hh)
        return products.sum((-2, -1), dtype=torch.float64).clamp_(min=0).sqrt()

    g, largest = own(g)
    u = length(g)
    if true is None:
        return _to_itself(u * largest)
    true, largest_true = own(true)
    v = length(true)
    s = (u / v).to(g.dtype)[..., None, None]
    apart, along = (length(torch.addcmul(g, true, s, value=sign)) for sign in (-1, 1))
    return torch.stack([u * largest, v * largest_true, apart, along])
