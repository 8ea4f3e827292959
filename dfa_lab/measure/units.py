"""What the units of a block do on one batch: how many are saturated or dead, and how many directions they use together."""

import torch
from torch import Tensor, nn

from dfa_lab.measure.alignment import defined
from dfa_lab.measure.stable_sums import whole_vectors
from dfa_lab.networks.layers import Dropout

# Kind of nonlinearity -> (middle of its outputs, distance from it beyond which f' is below a tenth of its largest value):
# tanh' = 1 - h² is 0.0975 at |h| = 0.95; sigmoid(a) = (1 + tanh(a/2))/2, so the same share of its range. relu has no upper end.
SATURATED: dict[type[nn.Module], tuple[float, float]] = {nn.Tanh: (0.0, 0.95), nn.Sigmoid: (0.5, 0.475)}
KEEPS_VALUES = (Dropout, nn.Dropout, nn.MaxPool2d, nn.MaxPool1d, nn.Flatten, nn.Identity)  # what may follow, in evaluation
STILL = 1e-6  # of the block's largest output: a unit that moves by no more is constant


def limits(block: nn.Module) -> tuple[float, float] | None:
    """(middle, distance) of the nonlinearity whose outputs leave the block; None where there is none with two ends.

    Only of modules one after the other: what a person's own module does inside is not known.
    """
    for module in reversed(_in_order(block)):
        if not isinstance(module, KEEPS_VALUES):
            return SATURATED.get(type(module))
    return None


def _in_order(block: nn.Module) -> list[nn.Module]:
    if isinstance(block, nn.Sequential):
        return [module for part in block for module in _in_order(part)]
    return [block]


def saturated(h: Tensor, middle: float, distance: float) -> Tensor:
    """Share of the outputs (N, …), of every unit for every sample, that are further than this from the middle. 0-d float64."""
    return ((h - middle).abs() > distance).double().mean()


def dead(h: Tensor) -> Tensor:
    """Share of the units whose output is the same for all samples, 0-d float64. A relu that is always off is one.

    h (N, n); of maps (N, channels, height, width) a channel counts as one unit, since its weights do, and is dead if every
    place of it is: at the rim of an image of which the rim is blank a single place may well be constant.
    """
    reach = h.amax(0) - h.amin(0)
    still = reach <= STILL * h.abs().amax()
    return (still.flatten(1).all(1) if still.dim() > 1 else still).double().mean()


def effective_rank(h: Tensor) -> Tensor:
    """exp(entropy of p), p_i = σ_i / Σσ, with σ the singular values of h (N, …) less its mean over samples. 0-d float64.

    Roy & Vetterli (2007). 1: all samples lie on a line; at most min(N - 1, n). NaN if all samples are represented alike, or
    outputs are not finite. The σ are roots of the eigenvalues of the smaller Gram matrix, in float64: several times faster
    than an SVD. Rounding of the 32-bit outputs would otherwise count as many small directions, so σ below 1e-6 of the
    largest are zero.
    """
    return ranks_of(second_moments(h.flatten(1)).unsqueeze(0))[0]


def second_moments(h: Tensor) -> Tensor:
    """(…, m, m) float64 of h (…, N, n), with m the smaller of N and n: the Gram matrix of h less its mean over samples."""
    h = h.double()
    h = h - h.mean(-2, keepdim=True)
    return h @ h.mT if h.shape[-2] <= h.shape[-1] else h.mT @ h


def ranks_of(grams: Tensor) -> Tensor:
    """(R,) of Gram matrices (R, m, m); on a CPU the last digits of each are those of it alone."""
    finite = grams.diagonal(dim1=-2, dim2=-1).isfinite().all(-1)  # nothing in such a matrix is larger than its diagonal
    grams = torch.where(finite[:, None, None], grams, 0.0)
    alone = grams.split(1) if grams.device.type == "cpu" else [grams]  # digits depend on a matrix's place in memory
    sigma = whole_vectors(torch.cat([torch.linalg.eigvalsh(one) for one in alone])).clamp_(min=0).sqrt_()
    sigma = torch.where(sigma > 1e-6 * sigma.amax(-1, keepdim=True), sigma, 0.0)
    p = sigma / sigma.sum(-1, keepdim=True)  # NaN where there is no σ
    entropy = -torch.xlogy(p, p).sum(-1, keepdim=True)
    return torch.exp(whole_vectors(entropy))[:, 0]


def of_blocks(blocks: nn.ModuleList, hs: list[Tensor], rank: bool, activity: bool) -> dict[str, dict[int, float | None]]:
    """metric -> block -> value, for outputs h_1 … h_L (N, …) in evaluation mode; `activity`: saturated and dead."""
    found: dict[str, list[Tensor]] = {}
    nothing = torch.full((), torch.nan, dtype=torch.float64, device=hs[0].device)
    for block, h in zip(blocks, hs, strict=True):
        if activity:
            ends = limits(block)
            found.setdefault("saturated", []).append(nothing if ends is None else saturated(h, *ends))
            found.setdefault("dead", []).append(dead(h))
        if rank:
            found.setdefault("effective_rank", []).append(effective_rank(h))
    if not found:
        return {}
    rows = torch.stack([torch.stack(values) for values in found.values()]).tolist()
    return {name: {l: defined(v) for l, v in enumerate(row, start=1)} for name, row in zip(found, rows, strict=True)}
