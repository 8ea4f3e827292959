"""What one run hands to the measures on its probe batch, found through autograd.

Shapes: N samples of the batch, n_l outputs of block l; the measures get a run in front, R = 1.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dfa_lab import measure
from dfa_lab.feedback import Rule
from dfa_lab.feedback.rule import DirectRule
from dfa_lab.measure import separation
from dfa_lab.measure.seen import Feedback, Probed, Values, defined
from dfa_lab.networks import Network
from dfa_lab.networks.criterion import precise_error
from dfa_lab.networks.layers import Dropout
from dfa_lab.networks.network import only_dense


@dataclass
class Alignment:
    """Angles in degrees; None where there is none because a vector is zero."""

    signal: dict[int, tuple[float | None, float | None]]  # block -> mean and standard deviation over samples
    gradient: dict[int | None, float | None]  # layer, the readout one above the last block; None: the whole network
    signal_ratio: dict[int, float | None]  # block -> |δ̂_l| / |δ_l|, each over the whole batch; None: |δ_l| is zero
    gradient_ratio: dict[int | None, float | None]  # layer -> |ΔW_l of the rule| / |ΔW_l of bp|
    chance: dict[int, float | None]  # block -> standard deviation of the mean signal angle if δ̂ were turned at random


def probe(rule: Rule, network: Network, criterion: str, x: Tensor, t: Tensor, groups: Collection[str]) -> Values:
    """What the groups of measures find of a network in evaluation mode on the batch x (N, …), t (N,). Every .grad stays."""
    kinds = measure.chosen(groups)
    seen = probed(rule, network, criterion, x, t, measure.needs(kinds))
    return measure.values(kinds, measure.found(kinds, seen), [(rule, network)])[0]


def alignment(rule: Rule, network: Network, criterion: str, x: Tensor, t: Tensor) -> Alignment:
    """The angles and ratios of `probe` alone, by block and layer, and what they would be by chance, of every rule."""
    kinds = measure.chosen(("angles", "chance"))
    found = measure.found(kinds, probed(rule, network, criterion, x, t, measure.needs(kinds)))
    values = dict(zip(found.names, map(defined, found.values[0].tolist()), strict=True))

    def of(metric: str) -> dict:
        return {layer: value for (name, layer), value in values.items() if name == metric}

    spread = of("signal_angle_std")
    return Alignment(
        signal={block: (mean, spread[block]) for block, mean in of("signal_angle").items()},
        gradient=of("gradient_angle"),
        signal_ratio=of("signal_ratio"),
        gradient_ratio=of("gradient_ratio"),
        chance=of("signal_angle_chance"),
    )


def probed(rule: Rule, network: Network, criterion: str, x: Tensor, t: Tensor, needs: Collection[str]) -> Probed:
    """What measures with these `needs` are functions of."""
    seen = Probed(1, list(network.blocks))
    if "signals" in needs:
        _signals(seen, rule, network, criterion, x, t, "alike" in needs)
    elif "hidden" in needs:
        with torch.no_grad():
            hs, _ = network.hidden(x)
        seen.hidden = [h.unsqueeze(0) for h in hs]
    if "feedback" in needs:
        seen.feedback = _feedback(rule, network)
    return seen


def _signals(seen: Probed, rule: Rule, network: Network, criterion: str, x: Tensor, t: Tensor, alike: bool) -> None:
    """Fill in `hidden`, `signals`, `gradients`, `layers` and, if asked for, `alike`."""
    numbers, weights = zip(*network.trained(), strict=True)
    with _sums(network) if alike else nullcontext({}) as sums:
        hs, y = rule.hidden(network, x)
    e = precise_error(criterion, y.detach(), t)
    with network.going_back():
        signals = rule.signals(hs, y, e)
        sources = _sources(rule, hs, y, e, sums) if alike else {}
    tensors, grads = rule.starts(hs, y, e)
    with network.going_back():
        rule_dW = torch.autograd.grad(tensors, weights, grads, allow_unused=True, materialize_grads=True)
    with network.through_weights():
        hs, y = network.hidden(x)
        with network.going_back():
            true = torch.autograd.grad(y, [*hs, *weights], precise_error(criterion, y.detach(), t))
    deltas, true_dW = true[: len(hs)], true[len(hs) :]
    seen.hidden = [h.detach().unsqueeze(0) for h in hs]
    seen.layers = sorted(set(numbers))
    seen.gradients = [
        separation.of_gradients(_join(rule_dW, numbers, layer), _join(true_dW, numbers, layer)) for layer in seen.layers
    ]
    for block, (signal, delta) in enumerate(zip(signals, deltas, strict=True), start=1):
        sent = torch.zeros_like(delta) if signal is None else signal  # what is not sent has length zero and no angle
        pair = sent.flatten(1).unsqueeze(0), delta.flatten(1).unsqueeze(0)
        seen.signals.append(separation.of_signals(*pair))
        if alike:
            source = sources.get(block)
            seen.alike.append(separation.agreement(*pair, None if source is None else source.unsqueeze(0)))


@contextmanager
def _sums(network: Network) -> Iterator[dict[int, Tensor]]:
    """Inside, a forward pass fills {block: a of its one dense layer}, of the blocks that begin with it."""
    found: dict[int, Tensor] = {}

    def hear(block: int):
        def hook(layer: nn.Module, _: object, a: Tensor) -> None:
            found[block] = a

        return hook

    handles = []
    for number, block in enumerate(network.blocks, start=1):
        layer = only_dense(block)
        first = next(module for module in block.modules() if not isinstance(module, (nn.Sequential, nn.Flatten, Dropout)))
        if layer is not None and first is layer:
            handles.append(layer.register_forward_hook(hear(number)))
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def _sources(rule: Rule, hs: list[Tensor], y: Tensor, e: Tensor, sums: dict[int, Tensor]) -> dict[int, Tensor]:
    """By block, what of each sample B makes the signal of by one product, where its entries are independent."""
    if not rule.independent_entries or rule.path == "none":
        return {}
    if isinstance(rule, DirectRule):
        return dict.fromkeys(range(1, len(hs) + 1), rule.broadcast(y, e))
    above = {number - 1: a for number, a in sums.items() if number > 1 and a.requires_grad}
    grads = torch.autograd.grad(y, list(above.values()), e, retain_graph=True, allow_unused=True) if above else ()
    found = zip(above, grads, strict=True)
    return {**{block: grad for block, grad in found if grad is not None}, len(hs): e}


def _join(tensors: tuple[Tensor, ...], numbers: tuple[int, ...], number: int) -> Tensor:
    """(1, entries) of all that belong to this layer."""
    chosen = [tensor.flatten() for tensor, n in zip(tensors, numbers, strict=True) if n == number]
    return (torch.cat(chosen) if len(chosen) > 1 else chosen[0]).unsqueeze(0)


@torch.no_grad()
def _feedback(rule: Rule, network: Network) -> list[Feedback]:
    """The matrices beside what stands in their place under bp: W of the layer that holds one, or the product of all above."""
    matrices = rule.matrices(network)
    if not matrices:
        return []
    in_layers = {id(layer.feedback): layer.weight for _, layer in network.layers() if layer.feedback is not None}
    dense = [None if (layer := only_dense(block)) is None else layer.weight.unsqueeze(0) for block in network.blocks]
    paths = dict(separation.paths([*dense, network.readout.weight.unsqueeze(0)]))
    pairs: dict[int, tuple[Tensor, Tensor] | None] = {}
    for block in range(1, len(network.blocks) + 1):
        B = matrices.get(block)
        W = None if B is None else in_layers.get(id(B))
        stands = paths[block] if W is None else W.unsqueeze(0)
        there = B is not None and stands is not None and stands.shape[1:] == B.shape
        pairs[block] = (stands, B.unsqueeze(0)) if there and B is not None and stands is not None else None
    return [Feedback(slice(None), pairs)]
