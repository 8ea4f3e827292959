"""What measure/alignment.py measures, of a whole fleet at once and by hand: one pass forward serves the rules and the truth.

Only for dense networks without batch norm, which is another function in evaluation; of the others autograd measures.
Shapes: R runs, N samples of the probe batch, n_l units of block l.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import pad

from dfa_lab.fast.captured import Batches
from dfa_lab.fast.flat import in_rows
from dfa_lab.fast.fleet import Fleet
from dfa_lab.fast.layers import Activation, Dense, Flatten, Mask, Part, product
from dfa_lab.fast.reading import Stage
from dfa_lab.measure.alignment import Alignment, defined
from dfa_lab.measure.angles import between, degrees, joint_angle, mean_and_spread
from dfa_lab.train.criterion import error
from dfa_lab.train.run import Run

VECTOR = 16  # numbers, or a multiple of as many, that a processor's vector holds


def measurable(fleet: Fleet) -> bool:
    """Whether `alignments` knows the networks of this fleet, and their hidden blocks are sent something."""
    first, *others = fleet.stages
    before = all(isinstance(part, Flatten) for stage in others for part in stage.before)
    rest = (part for parts in (first.before, *(stage.after for stage in fleet.stages)) for part in parts)
    known = all(isinstance(part, (Flatten, Activation, Mask)) for part in rest)
    return fleet.learns and before and known and all(isinstance(stage.layer, Dense) for stage in fleet.stages)


@torch.no_grad()
def alignments(fleet: Fleet, probes: Batches) -> list[tuple[Run, Alignment]]:
    """Of every run on the batch of its seed, as in evaluation: without dropout. Parameters and optimisers are left alone."""
    h, t = fleet.inputs(probes)
    hs: list[Tensor] = []
    for stage in fleet.stages:
        h = _forward(stage, h)
        hs.append(h)
    several = len(fleet.runs) > 1
    e = error(fleet.criterion, hs.pop(), t)
    e = in_rows(e) if several else e
    # ∂L/∂h of each stage, then ∂L/∂a: as the rule has it, and by W everywhere
    rule, true = (in_rows(e.clone()) if several else e.clone() for _ in "ab")
    lengths: list[Tensor] = []  # from the readout down, (4, R) each: of ΔW
    signals: list[Tensor] = []  # (4, R, N) each: of δ at the block below
    for number in range(len(fleet.stages), 0, -1):
        stage = fleet.stages[number - 1]
        assert isinstance(stage.layer, Dense)
        for part in reversed(_evaluated(stage.after)):
            rule, true = part.backward(rule), part.backward(true)
        lengths.append(_between_gradients(stage.layer.h, rule, true))
        if number > 1:
            rule, true = fleet.signals(number, rule, e), product(true, stage.layer.W)
            signals.append(between(rule, true))
    if not several:
        lengths, signals = ([one.unsqueeze(1) for one in found] for found in (lengths, signals))
        hs = [h.unsqueeze(0) for h in hs]
    rows = torch.cat([*_of_weights(_stacked(lengths, -1), len(fleet.stages)), *_of_signals(_stacked(signals, -2))], -1)
    values = rows.tolist()  # one transfer from the device
    return [(run, _alignment(row, [h[r] for h in hs])) for r, (run, row) in enumerate(zip(fleet.runs, values, strict=True))]


def _forward(stage: Stage, h: Tensor) -> Tensor:
    for part in (*_evaluated(stage.before), stage.layer, *_evaluated(stage.after)):
        h = part.forward(h)
    return h


def _evaluated(parts: Sequence[Part]) -> list[Part]:
    """Those that do something in evaluation too."""
    return [part for part in parts if not isinstance(part, Mask)]


def _between_gradients(h: Tensor, g: Tensor, true: Tensor) -> Tensor:
    """`between` of two gradients of the weights, gᵀh and trueᵀh; of h (…, N, n_in), g and true (…, N, n_out)."""
    if h.dim() == 3 and h.device.type == "cpu":  # a product of its own each, so that its last digits are those of a run alone
        return torch.stack([_between_gradients(*one) for one in zip(h, g, true, strict=True)], -1)
    N, n_in, n_out = h.shape[-2], h.shape[-1], g.shape[-1]
    if 2 * n_in * n_out <= N * (n_in + 4 * n_out):
        return between(*((one.transpose(-2, -1) @ h).flatten(-2) for one in (g, true)))
    # Of wide layers the gradients themselves are dear, and their lengths need only products between samples:
    # |gᵀh|² = Σᵢⱼ (gᵢ·gⱼ)(hᵢ·hⱼ)
    hh = h @ h.transpose(-2, -1)

    def length(one: Tensor) -> Tensor:
        products = (one @ one.transpose(-2, -1)).mul_(hh)
        return products.sum((-2, -1), dtype=torch.float64).clamp_(min=0).sqrt().to(h.dtype)

    lengths = [length(g), length(true)]
    s = (lengths[0] / lengths[1])[..., None, None]
    return torch.stack([*lengths, *(length(torch.addcmul(g, true, s, value=sign)) for sign in (-1, 1))])


def _stacked(lengths: list[Tensor], dim: int) -> Tensor:
    """Layer 1 first, and the last dimension filled up with zeros, which have no angle, to whole vectors of the processor: what
    a vector cannot hold is computed in another way, so the last digit would depend on how many runs there are."""
    found = torch.stack(lengths[::-1], dim)
    return pad(found, (0, -found.shape[-1] % VECTOR))


def _of_weights(found: Tensor, layers: int) -> list[Tensor]:
    """(R, L+1) angles of the layers' gradients, (R, 1) that of all, then the ratios likewise; of (4, R, L+1 and more)."""
    u, v, _, _ = found
    angles = degrees(found)
    whole = joint_angle(u, v, angles).unsqueeze(-1)
    of_all = (torch.linalg.vector_norm(one.double(), dim=-1, keepdim=True) for one in (u, v))
    return [angles[:, :layers], whole, (u / v).double()[:, :layers], torch.div(*of_all)]


def _of_signals(lengths: Tensor) -> list[Tensor]:
    """(R, L) mean angles over the samples that have one, their spreads, and the ratios of all; of (4, R, L, N and more)."""
    mean, spread = mean_and_spread(degrees(lengths))
    u, v = (torch.linalg.vector_norm(lengths[k].double(), dim=-1) for k in (0, 1))
    return [mean, spread, u / v]


def _alignment(row: list[float], hs: list[Tensor]) -> Alignment:
    """From the values of one run, in the order of `_of_weights` and `_of_signals`."""
    values = iter([defined(value) for value in row])
    blocks = range(1, len(hs) + 1)
    layers = [*blocks, len(hs) + 1, None]
    gradient, gradient_ratio = ({layer: next(values) for layer in layers} for _ in "ab")
    mean, spread, signal_ratio = ({block: next(values) for block in blocks} for _ in "abc")
    signal = {block: (mean[block], spread[block]) for block in blocks}
    return Alignment(signal, gradient, signal_ratio, gradient_ratio, hs)
