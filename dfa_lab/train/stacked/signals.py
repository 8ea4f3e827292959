"""The angles of measure/alignment.py, of a whole fleet at once and by hand: one pass forward serves the rules and the truth.

Shapes: R runs, N samples of the probe batch, n_l units of block l.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from dfa_lab.measure.angles import between, degrees, joint_angle, mean_and_spread
from dfa_lab.measure.stable_sums import whole_vectors
from dfa_lab.train.stacked.flat import in_columns
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.parts import Activation, Dense, Mask, Part, product, sent

SHARED = 32768  # numbers, from which on torch's threads share the work on a tensor, in parts that depend on how many they are
Names = list[tuple[str, int | None]]  # (metric, layer)


def forward(fleet: Fleet, x: Tensor) -> list[Tensor]:
    """h_1 … h_L and the logits, in evaluation."""
    hs: list[Tensor] = []
    for stage in fleet.stages:
        for part in (*evaluated(stage.before), stage.layer, *evaluated(stage.after)):
            x = part.forward(x)
        hs.append(x)
    return hs


def evaluated(parts: Sequence[Part]) -> list[Part]:
    """Those that do something in evaluation too."""
    return [part for part in parts if not isinstance(part, Mask)]


def angles(fleet: Fleet, x: Tensor, t: Tensor) -> tuple[list[Tensor], Names, Tensor]:
    """(h_1 … h_L (R, N, n_l), names of metrics, their values (R, as many) in float64)."""
    several = len(fleet.runs) > 1
    *hs, y = forward(fleet, x)
    e = fleet.error(y, t)
    true = in_columns(e.clone())  # ∂L/∂h of each stage, then ∂L/∂a, by W everywhere
    # Likewise as the rule has it, but for bp, the first runs: what that sends is the truth, which is found once.
    others = slice(fleet.by_weights, None) if several else slice(None)
    rule = None if fleet.by_weights == len(fleet.runs) else in_columns(e[others].clone())
    lengths: list[Tensor] = []  # from the readout down, (4, R) each: of ΔW
    signals: list[Tensor] = []  # (4, R, N) each: of δ at the block below

    def stack(one: Tensor) -> Tensor:
        return one if several else one.unsqueeze(0)

    for number in range(len(fleet.stages), 0, -1):
        stage = fleet.stages[number - 1]
        assert isinstance(stage.layer, Dense)
        for part in reversed(evaluated(stage.after)):
            true = part.backward(true)
            if rule is not None:
                rule = part.backward(rule, others) if isinstance(part, Activation) else part.backward(rule)
        lengths.append(_between_gradients(stack(stage.layer.h), None if rule is None else stack(rule), stack(true)))
        if number > 1:
            true = sent(true, stage.layer.W)
            rule = None if rule is None else fleet.signals(number, rule, e[others], fleet.by_weights)
            signals.append(_between(None if rule is None else stack(rule), stack(true)))
    layers: list[int | None] = [*range(1, len(fleet.stages) + 1), None]
    names: Names = [(metric, layer) for metric in ("gradient_angle", "gradient_ratio") for layer in layers]
    names += [(metric, block) for metric in ("signal_angle", "signal_angle_std", "signal_ratio") for block in layers[:-2]]
    of_weights = _of_weights(stacked(lengths[::-1], -1), len(fleet.stages))
    values = torch.cat([*of_weights, *_of_signals(stacked(signals[::-1], -2))], -1)
    return [stack(h) for h in hs], names, values


def stacked(lengths: list[Tensor], dim: int) -> Tensor:
    """In float64, and filled up with zeros, which have no angle: so that digits do not depend on how many runs there are."""
    return whole_vectors(torch.stack(lengths, dim)).double()


def separation(u: Tensor, v: Tensor | None = None) -> Tensor:
    """(4, R) `between` of all entries of two tensors (R, …), or of one and itself; of many entries on a CPU each run alone, as
    it is where no other is."""
    u, v = u.flatten(1), None if v is None else v.flatten(1)
    if u.device.type == "cpu" and u.numel() >= SHARED:
        pairs = zip(u.split(1), [None] * len(u) if v is None else v.split(1), strict=True)
        return torch.cat([_to(*pair) for pair in pairs], 1)
    return _to(u, v)


def _to(u: Tensor, v: Tensor | None) -> Tensor:
    if v is not None:
        return between(u, v)
    return _to_itself(torch.linalg.vector_norm(u, dim=-1))


def _to_itself(length: Tensor) -> Tensor:
    """`between` a vector and itself; where its length overflows no difference is known."""
    return torch.stack([length, length, length - length, 2 * length])


def _between(rule: Tensor | None, true: Tensor, compare: Callable[..., Tensor] = _to) -> Tensor:
    """(4, R, …) `between` what the rules have and the truth (R, …); `rule`: of the last runs, or of none."""
    first = len(true) - (0 if rule is None else len(rule))
    parts = [compare(true[:first], None)] if first else []
    parts += [] if rule is None else [compare(rule, true[first:])]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


def _between_gradients(h: Tensor, rule: Tensor | None, true: Tensor) -> Tensor:
    """(4, R) `_between` of gradients of the weights, gᵀh; of h (R, N, n_in), g: rule and true (R or fewer, N, n_out)."""
    N, n_in, n_out = h.shape[-2], h.shape[-1], true.shape[-1]
    first = len(true) - (0 if rule is None else len(rule))
    if 2 * n_in * n_out <= N * (n_in + 4 * n_out):
        return _between(None if rule is None else product(rule.mT, h[first:]), product(true.mT, h), separation)
    if len(h) > 1 and h.device.type == "cpu":  # each run alone, so that its last digits are those of a run alone
        rules = [*[None] * first, *(() if rule is None else rule.split(1))]
        return torch.cat([_between_gradients(*one) for one in zip(h.split(1), rules, true.split(1), strict=True)], 1)
    parts = [_between_wide(h[:first], true[:first])] if first else []
    parts += [] if rule is None else [_between_wide(h[first:], rule, true[first:])]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


def _between_wide(h: Tensor, g: Tensor, true: Tensor | None = None) -> Tensor:
    """Of wide layers the gradients themselves are dear, and their lengths need only products between samples:
    |gᵀh|² = Σᵢⱼ (gᵢ·gⱼ)(hᵢ·hⱼ)."""
    hh = h @ h.mT

    def length(one: Tensor) -> Tensor:
        products = (one @ one.mT).mul_(hh)
        return products.sum((-2, -1), dtype=torch.float64).clamp_(min=0).sqrt().to(h.dtype)

    u = length(g)
    if true is None:
        return _to_itself(u)
    v = length(true)
    s = (u / v)[..., None, None]
    return torch.stack([u, v, *(length(torch.addcmul(g, true, s, value=sign)) for sign in (-1, 1))])


def layer_angles(found: Tensor, layers: int) -> Tensor:
    """(R, layers + 1): the angle of each layer, then that of all; of (4, R, layers and more)."""
    angles = degrees(found)
    return torch.cat([angles[:, :layers], joint_angle(found[0], found[1], angles).unsqueeze(-1)], -1)


def _of_weights(found: Tensor, layers: int) -> list[Tensor]:
    """`layer_angles`, then the ratios likewise."""
    u, v, _, _ = found
    of_all = (torch.linalg.vector_norm(one, dim=-1, keepdim=True) for one in (u, v))
    return [layer_angles(found, layers), (u / v)[:, :layers], torch.div(*of_all)]


def _of_signals(lengths: Tensor) -> list[Tensor]:
    """(R, L) mean angles over the samples that have one, their spreads, and the ratios of all; of (4, R, L, N and more)."""
    mean, spread = mean_and_spread(degrees(lengths))
    u, v = (torch.linalg.vector_norm(lengths[k], dim=-1) for k in (0, 1))
    return [mean, spread, u / v]
