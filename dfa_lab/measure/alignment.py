"""How far a rule's signals and weight gradients point from the true gradient, on one batch.

Signal angle, of block l: ∠(δ̂_l, δ_l) for every sample, with δ̂_l what the rule delivers at the block's output and
δ_l = ∂L/∂h_l by backpropagation through the same weights on the same batch; then mean and spread over samples.
Weight-gradient angle, of layer l: ∠(ΔW_l of the rule, ΔW_l of bp), each the gradient of the whole batch; and of all
layers joined into one vector. The ratios compare the lengths of the same vectors: a rule that points the right way may
still send ten times too much.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from dfa_lab.feedback import Rule
from dfa_lab.measure.angles import between, degrees, joint_angle, mean_and_spread
from dfa_lab.networks import Network
from dfa_lab.networks.criterion import error


@dataclass
class Alignment:
    """Angles in degrees; None where there is none because a vector is zero."""

    signal: dict[int, tuple[float | None, float | None]]  # block -> mean and standard deviation over samples
    gradient: dict[int | None, float | None]  # layer, the readout one above the last block; None: the whole network
    signal_ratio: dict[int, float | None]  # block -> |δ̂_l| / |δ_l|, each over the whole batch; None: |δ_l| is zero
    gradient_ratio: dict[int | None, float | None]  # layer -> |ΔW_l of the rule| / |ΔW_l of bp|
    hidden: list[Tensor]  # h_1 … h_L, (N, …), without a graph


def alignment(rule: Rule, network: Network, criterion: str, x: Tensor, t: Tensor) -> Alignment:
    """Measure on the batch x (N, …), t (N,). Leaves every .grad as it was."""
    numbers, weights = zip(*network.weights(), strict=True)
    hs, y = rule.hidden(network, x)
    e = error(criterion, y.detach(), t)
    signals = rule.signals(hs, y, e)
    tensors, grads = rule.starts(hs, y, e)
    rule_dW = torch.autograd.grad(tensors, weights, grads, allow_unused=True, materialize_grads=True)
    with network.through_weights():
        hs, y = network.hidden(x)
        true = torch.autograd.grad(y, [*hs, *weights], error(criterion, y.detach(), t))
    deltas, true_dW = true[: len(hs)], true[len(hs) :]

    layers = sorted(set(numbers))
    lengths = torch.stack([between(_join(rule_dW, numbers, n), _join(true_dW, numbers, n)) for n in layers], -1)
    angles = degrees(lengths)
    of_rule, of_bp = lengths[:2].double()
    found = [*angles, joint_angle(of_rule, of_bp, angles)]
    sent = [_sent(signal, delta) for signal, delta in zip(signals, deltas, strict=True)]
    for mean, spread, _ in sent:
        found += [mean, spread]
    found += [*(of_rule / of_bp), of_rule.norm() / of_bp.norm(), *(ratio for _, _, ratio in sent)]
    values = [defined(value) for value in torch.stack(found).tolist()]  # one transfer from the device

    count, blocks = len(layers) + 1, range(1, len(deltas) + 1)
    angles, spread = values[:count], values[count : count + 2 * len(deltas)]
    ratios, sizes = values[count + 2 * len(deltas) :][:count], values[len(values) - len(deltas) :]
    return Alignment(
        signal={l: (spread[2 * l - 2], spread[2 * l - 1]) for l in blocks},
        gradient=dict(zip([*layers, None], angles, strict=True)),
        signal_ratio=dict(zip(blocks, sizes, strict=True)),
        gradient_ratio=dict(zip([*layers, None], ratios, strict=True)),
        hidden=[h.detach() for h in hs],
    )


def defined(value: float) -> float | None:
    """None for what is not a number: 0/0, or a quotient by zero."""
    return value if abs(value) < float("inf") else None


def _join(tensors: tuple[Tensor, ...], numbers: tuple[int, ...], number: int) -> Tensor:
    chosen = [tensor.flatten() for tensor, n in zip(tensors, numbers, strict=True) if n == number]
    return torch.cat(chosen) if len(chosen) > 1 else chosen[0]


def _sent(signal: Tensor | None, delta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and spread of the angle over the samples that have one, and |δ̂| / |δ| of all of them; what is not sent has length
    zero and no angle."""
    if signal is None:
        nothing = torch.full((), torch.nan, dtype=torch.float64, device=delta.device)
        return nothing, nothing, torch.zeros_like(nothing) / torch.linalg.vector_norm(delta).double()
    lengths = between(signal.flatten(1), delta.flatten(1))
    u, v = (torch.linalg.vector_norm(one.double()) for one in lengths[:2])
    return *mean_and_spread(degrees(lengths)), u / v
