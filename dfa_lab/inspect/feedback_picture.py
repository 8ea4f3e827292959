"""A feedback matrix B beside what stands in its place under bp, small enough to be drawn.

fa's B_{l+1} replaces W_{l+1}. dfa's B_l replaces ∂y/∂h_l; of dense layers that is the product W_{L+1} … W_{l+1} but for the
derivatives f' between them, which change with every sample and are left out here.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from dfa_lab.feedback import Rule
from dfa_lab.measure.angles import angle
from dfa_lab.measure.lengths import rms
from dfa_lab.networks import Network
from dfa_lab.networks.network import only_dense

CELLS = 64  # rows that are drawn at most, and columns, but for matrices of few rows
AT_MOST = CELLS * CELLS  # cells in all
WIDEST = 256  # columns
POINTS = 600  # entries in the scatter, at most
BINS = 31  # of the histogram: an odd number, so that one of them is around 0
REACH = 4.0  # spreads to both sides, of the histogram of shapes; what is farther out counts at its ends
DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Pair:
    """Copies on the CPU, float64. `W` is None where there is no single matrix that B replaces."""

    B: Tensor  # (rows, columns): an entry of the error above, a unit that receives it
    W: Tensor | None
    B_name: str
    W_name: str


@dataclass(frozen=True)
class Shown:
    """One matrix: `cells` are the means of its blocks where it has more rows or columns than are drawn."""

    name: str
    shape: tuple[int, int]
    cells: list[list[float]]
    largest: float  # of the cells, without sign
    spread: float  # root of the mean square of the entries
    counts: list[float]  # share of the entries in each bin
    shape_counts: list[float]  # the same over bins from -REACH to REACH times the spread


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn; figures that do not exist, since a matrix is zero, are None."""

    B: Shown
    W: Shown | None
    edges: list[float]  # of the bins, one more than there are
    points: tuple[list[float], list[float]]  # entries of W and of B at the same places
    angle: float | None  # degrees, of the two matrices as vectors
    correlation: float | None  # of their entries
    same_sign: float | None  # share of the entries


def blocks_with_feedback(rule: Rule, network: Network) -> list[int]:
    """Blocks to which the rule sends the error through a matrix of its own."""
    return sorted(rule.matrices(network))


def pair(rule: Rule, network: Network, block: int) -> Pair | None:
    """B of this block and what it stands for; None where the rule has no B."""
    B = rule.matrices(network).get(block)
    if B is None:
        return None
    above = [layer for number, layer in network.layers() if layer.feedback is B]
    with torch.no_grad():
        W = above[0].weight if above else _product(network, block)
        ours, theirs = (None if M is None else M.detach().flatten(1).double().cpu().clone() for M in (B, W))
    assert ours is not None
    if theirs is not None and theirs.shape != ours.shape:
        theirs = None
    number = block + 1 if above else block
    factors = [f"W{l}" for l in ([number] if above else range(len(network.blocks) + 1, block, -1))]
    names = factors if len(factors) <= 4 else [factors[0], "…", factors[-1]]
    return Pair(ours, theirs, f"B{number}".translate(DIGITS), " ".join(names).translate(DIGITS))


def _product(network: Network, block: int) -> Tensor | None:
    """W_{L+1} … W_{l+1} (C, n_l) where all layers above the block are dense and one after the other."""
    product: Tensor | None = None
    for part in [*list(network.blocks)[block:], network.readout]:
        dense = only_dense(part)
        if dense is None:
            return None
        W = dense.weight.double()  # small W of many layers leave 32 bits
        product = W if product is None else W @ product
    return product


def picture(pair: Pair) -> Picture:
    """Everything that is drawn of a pair; it is made of copies, so it may take its time."""
    B, W = (None if M is None else M.double() for M in (pair.B, pair.W))
    assert B is not None
    entries = B.flatten() if W is None else torch.cat([B.flatten(), W.flatten()])
    reach = float(entries.abs().max()) or 1.0
    edges = torch.linspace(-reach, reach, BINS + 1, dtype=torch.float64)
    shown = _shown(pair.B_name, B, edges)
    if W is None:
        return Picture(shown, None, edges.tolist(), ([], []), None, None, None)
    b, w = B.flatten(), W.flatten()
    some = torch.linspace(0, len(b) - 1, min(POINTS, len(b))).round().long()
    both = (b * w).sign()
    return Picture(
        shown,
        _shown(pair.W_name, W, edges),
        edges.tolist(),
        (w[some].tolist(), b[some].tolist()),
        _number(angle(b, w)),
        _number(correlation(b, w)),
        _number((both > 0).double().sum() / both.count_nonzero()),
    )


def correlation(b: Tensor, w: Tensor) -> Tensor:
    """Pearson's, the cosine between what is left of two vectors without their means; NaN where all entries of one are equal."""
    varies = (b.max() > b.min()) & (w.max() > w.min())
    return torch.where(varies, torch.cos(torch.deg2rad(angle(b - b.mean(), w - w.mean()))), torch.nan)


def in_cells(rows: int, columns: int) -> tuple[int, int]:
    """Into how many cells a matrix is drawn: each entry has its own, or large ones are drawn by means of blocks."""
    down = min(CELLS, rows)
    return down, min(columns, max(CELLS, min(WIDEST, AT_MOST // down)))


def _shown(name: str, M: Tensor, edges: Tensor) -> Shown:
    cells = F.adaptive_avg_pool2d(M[None], in_cells(len(M), M.shape[1]))[0]
    spread = rms(M)
    scaled = (M.flatten() / (spread or 1.0)).clamp(-REACH, REACH)
    counts, shape = (
        (torch.histogram(entries, over).hist / M.numel()).tolist()
        for entries, over in ((M.flatten(), edges), (scaled, torch.linspace(-REACH, REACH, BINS + 1, dtype=M.dtype)))
    )
    return Shown(name, (len(M), M.shape[1]), cells.tolist(), float(cells.abs().max()), spread, counts, shape)


def _number(value: Tensor) -> float | None:
    """None for 0/0: with a matrix of zeros there is no angle and no correlation."""
    return float(value) if bool(value.isfinite()) else None
