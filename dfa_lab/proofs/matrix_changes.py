"""Proof 2: does the rule use its feedback matrices, each where it should?"""

from dataclasses import dataclass

import torch
from torch import Tensor

from dfa_lab.proofs.subject import SAME, Subject, change
from dfa_lab.proofs.verdicts import Finding, Promise, fails, not_applicable, passes, unknown

QUESTION = "Does it use its feedback matrices?"
HOW = (
    "The sign of one matrix B is flipped and each hidden gradient G is compared with before: −1 means that G is exactly "
    "reversed, +1 that it is exactly the same. Then all matrices are drawn anew, and all gradients must change. At last "
    "the matrices are set so that the rule must become backpropagation: for fa B := W; for dfa B := ∂y/∂h, the product of "
    "all weights and local derivatives above the block. That product differs from sample to sample unless there is only "
    "one hidden layer (then it is the readout's W), so in deeper networks it is compared on a single sample."
)
MOVED = 1e-3

Signs = dict[tuple[int, int], float | None]  # (matrix B_k, gradient of block l) -> -1, +1, NaN: neither, None: no gradient


@dataclass(frozen=True)
class Matrices:
    """How one rule's gradients follow its matrices. Differences are |G' - G| / |G|, over hidden blocks."""

    signs: Signs
    redrawn: float | None  # smallest change when all matrices are drawn anew
    own_to_bp: float | None  # smallest difference from bp, with its own matrices
    set_to_bp: float | None  # largest difference from bp, with the matrices that should make it bp
    finding: Finding


def matrices(subject: Subject) -> Matrices:
    """Flip, redraw and replace the rule's matrices; they are as before afterwards."""
    name, kind = subject.name, subject.promise
    there = subject.rule.matrices(subject.network)
    if not there or kind not in (Promise.LAYERWISE, Promise.DIRECT):
        return Matrices({}, None, None, None, _without(name, kind, bool(there)))
    before = subject.gradients()
    signs = _flip(subject, before)
    redrawn = _redraw(subject, before)
    own = _differences(before, subject.true_gradients(), subject.blocks)
    figures = (signs, redrawn, min(own, default=None), _become_bp(subject))
    return Matrices(*figures, _judge(subject, *figures))


def _without(name: str, kind: Promise, any_there: bool) -> Finding:
    if kind is Promise.UNKNOWN:
        return unknown(name)
    if kind in (Promise.LAYERWISE, Promise.DIRECT):
        return fails(name, "It holds no feedback matrices.")
    if any_there:
        return fails(name, "It holds feedback matrices, though it should need none.")
    why = "its error comes back through the weights" if kind is Promise.WEIGHTS else "nothing comes back"
    return not_applicable(name, f"It has no feedback matrices: {why}.")


def _flip(subject: Subject, before: dict[int, Tensor]) -> Signs:
    signs: Signs = {}
    hidden = [l for l in subject.shown if l <= subject.blocks]
    for k in hidden:
        with subject.matrices_kept() as there:
            if k not in there:
                continue
            there[k].neg_()
            found = subject.gradients()
        signs |= {(k, l): _sign(found[l], before[l]) for l in hidden}
    return signs


def _follows(subject: Subject, k: int, l: int) -> bool:
    """Whether the gradient of block l is another one with twice B_k. Where a layer is used twice, so is its sign."""
    before = subject.gradients()[l]
    with subject.matrices_kept() as there:
        there[k].mul_(2)
        found = subject.gradients()[l]
    return (change(found, before) or 0.0) > MOVED


def _sign(found: Tensor, before: Tensor) -> float | None:
    for sign in (1.0, -1.0):
        if (moved := change(found, sign * before)) is None or moved <= SAME:
            return None if moved is None else sign
    return float("nan")


def _redraw(subject: Subject, before: dict[int, Tensor]) -> float | None:
    stream = torch.Generator().manual_seed(1)
    with subject.matrices_kept() as there:
        for B in there.values():
            bound = float(B.abs().max()) or 1.0
            B.uniform_(-bound, bound, generator=stream)
        found = subject.gradients()
    return min(_differences(found, before, subject.blocks), default=None)


def _differences(found: dict[int, Tensor], wanted: dict[int, Tensor], blocks: int) -> list[float]:
    """The difference in every hidden block that has a gradient."""
    values = (change(found[l], wanted[l]) for l in range(1, blocks + 1))
    return [value for value in values if value is not None]


def _become_bp(subject: Subject) -> float | None:
    """Largest difference from bp once the matrices are those that should make the rule bp."""
    samples = slice(None)
    with subject.matrices_kept() as there:
        if subject.promise is Promise.LAYERWISE:
            for number, layer in subject.network.layers():
                B = layer.feedback if layer.feedback is not None else there.get(number - 1)
                if B is not None and B.shape == layer.weight.shape:
                    B.copy_(layer.weight.detach())
        else:
            samples = slice(None) if subject.blocks == 1 else slice(0, 1)
            for number, J in _jacobians(subject).items():
                if number in there and there[number].shape == J.shape:
                    there[number].copy_(J)
        found = subject.gradients(samples=samples)
    return max(_differences(found, subject.true_gradients(samples), subject.blocks), default=None)


def _jacobians(subject: Subject) -> dict[int, Tensor]:
    """∂y/∂h_l (C, n_l) of every block, at the first sample."""
    with subject.network.through_weights():
        hs, y = subject.network.hidden(subject.x[:1])
        rows = [torch.autograd.grad(y[0, c], hs, retain_graph=True) for c in range(y.shape[1])]
    return {l: torch.stack([row[l - 1].flatten() for row in rows]) for l in range(1, len(hs) + 1)}


def _judge(subject: Subject, signs: Signs, redrawn: float | None, own: float | None, as_bp: float | None) -> Finding:
    """The figures are those of Matrices."""
    name, direct = subject.name, subject.promise is Promise.DIRECT
    if redrawn is None or redrawn < MOVED:
        return fails(name, "Other feedback matrices give a hidden layer the same gradient: they are not used.")
    for (k, l), sign in signs.items():
        reached = k == l if direct else k >= l
        if sign is None or sign == (-1.0 if reached else 1.0):
            continue
        if direct or subject.chain:
            expected = (
                "should reverse the gradient of layer {}, and does not" if reached else "touches the gradient of layer {}"
            )
            return fails(name, f"Flipping the sign of B{k} {expected.format(l)}.")
        if (
            reached and sign == 1.0 and not _follows(subject, k, l)
        ):  # other paths may lead to the layer as well, but this one does
            return fails(name, f"Flipping the sign of B{k} leaves the gradient of layer {l} as it is.")
    if own is None or own < MOVED:
        return fails(name, "With its own random matrices it gives a hidden layer backpropagation's gradient.")
    target = "∂y/∂h" if direct else "W"
    if as_bp is None or as_bp > SAME:
        return fails(name, f"With B := {target} it should be backpropagation, and is not.")
    where = (
        "reverses only its own block"
        if direct
        else "reverses every layer below"
        if subject.chain
        else "reaches every layer below"
    )
    digits = f"backpropagation but for {as_bp:.0e}" if as_bp else "backpropagation, to the last digit"
    return passes(name, f"Flipping a B {where}; with B := {target} it is {digits}.")
