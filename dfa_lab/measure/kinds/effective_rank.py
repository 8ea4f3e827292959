"""Effective rank: how many directions the units of a block use together, on one batch.

exp(entropy of p), p_i = σ_i / Σσ, with σ the singular values of h (N, …) less its mean over samples; Roy & Vetterli (2007).
1: all samples lie on a line; at most min(N - 1, n). No value if all samples are represented alike, or outputs are not finite.
The σ are roots of the eigenvalues of the smaller Gram matrix, in float64: several times faster than an SVD. Rounding of the
32-bit outputs would otherwise count as many small directions, so σ below 1e-6 of the largest are zero.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from dfa_lab.machine.memory_layout import whole_vectors
from dfa_lab.measure.seen import Columns, Probed

NAME = "rank"
ABOUT = "effective rank of each layer"
NEEDS = ("hidden",)
PLACE = 5
COST = 1.0  # with two probe samples for each of the batch
COST_ON_GPU = 30.0  # which finds the eigenvalues of one matrix after the other
DRAWN = {"rank": {"name": "Effective rank", "metric": "effective_rank"}}
METRICS = {
    "effective_rank": (
        "directions",
        "exp(entropy of the normalised singular values) of hₗ on the probe batch, less its mean: how many directions it uses",
    ),
}


def ready(seen: Probed) -> list[Tensor]:
    """(R, m, m) Gram matrices of each block. Their eigenvalues, in `finish`, no CUDA graph can find."""
    return [_of_runs(h.flatten(2)) for h in seen.hidden]


def finish(grams: Sequence[Tensor]) -> Columns:
    """The ranks, from what `ready` gave."""
    ranks = torch.stack([ranks_of(of_block) for of_block in grams], 1)
    return Columns.by_layer("effective_rank", range(1, len(grams) + 1), ranks)


def columns(seen: Probed) -> Columns:
    """Needs `hidden`."""
    return finish(ready(seen))


def effective_rank(h: Tensor) -> Tensor:
    """(R,) float64 of h (R, N, …)."""
    return ranks_of(_of_runs(h.flatten(2)))


def _of_runs(h: Tensor) -> Tensor:
    """(R, m, m), on a CPU of each run alone, so that its last digits are those of a run alone."""
    return torch.stack([second_moments(own) for own in h]) if h.device.type == "cpu" else second_moments(h)


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
