"""Proof 3: which products does the backward pass compute, and how many multiplications are they?

Counted where torch executes them, so what is computed and thrown away counts as well.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from dfa_lab.proofs.subject import Subject
from dfa_lab.proofs.verdicts import Finding, Promise, fails, passes, unknown

QUESTION = "Which products does the backward pass really compute?"
HOW = (
    "Every matrix product and convolution of one backward pass is caught at the moment torch executes it, and is told apart "
    "by its operands: a forward weight W (or a copy of it), a feedback matrix B, or neither, which are the gradients of the "
    "weights. A bar's length are its multiplications for one sample. How many there should be is not written down anywhere: "
    "plain backpropagation through the same network, and through each block alone, is counted the same way."
)
aten = torch.ops.aten
LAST_TWO = {aten.mm: (0, 1), aten.bmm: (0, 1), aten.mv: (0, 1), aten.addmm: (1, 2), aten.baddbmm: (1, 2), aten.addmv: (1, 2)}


class Kind(StrEnum):
    """The kind of a product, by its operands."""

    WEIGHTS = "signal × W"
    FEEDBACK = "signal × B"
    GRADIENTS = "weight gradients"


@dataclass(frozen=True)
class Count:
    """`number` of products with `multiplications` in all, for one sample."""

    number: int = 0
    multiplications: float = 0.0

    def plus(self, multiplications: float) -> "Count":
        return Count(self.number + 1, self.multiplications + multiplications)


Counts = dict[Kind, Count]


@dataclass(frozen=True)
class Products:
    """The products of one rule's backward pass."""

    counts: Counts
    finding: Finding


def products(subject: Subject) -> Products:
    """Count them in one backward pass, and compare with those of bp through the whole and through each block alone."""
    matrices = _matrices(subject)
    counter = _Counter(subject, matrices)
    subject.gradients(meanwhile=counter)
    counts = counter.counts
    whole, alone = _Counter(subject, []), _Counter(subject, [])
    with subject.network.through_weights():
        hs, y = subject.network.hidden(subject.x)
        with whole:
            y.backward(subject.e)
        inputs = [subject.x, *(h.detach() for h in hs)]
        for block, x in zip(subject.network.blocks, inputs, strict=False):
            h = block(x)
            with alone:
                h.backward(torch.ones_like(h))
    subject.network.zero_grad()
    return Products(counts, _judge(subject, counts, whole.counts, alone.counts[Kind.WEIGHTS].number))


def _matrices(subject: Subject) -> list[Tensor]:
    in_layers = [layer.feedback for _, layer in subject.network.layers() if layer.feedback is not None]
    return [*subject.rule.matrices(subject.network).values(), *subject.rule.buffers(), *in_layers]


def _judge(subject: Subject, counts: Counts, bp: Counts, alone: int) -> Finding:
    """`alone`: products with W inside the blocks, which a rule that cuts them from each other does as well."""
    name, kind, blocks = subject.name, subject.promise, subject.blocks
    W, B, dW = (counts[k].number for k in (Kind.WEIGHTS, Kind.FEEDBACK, Kind.GRADIENTS))
    bp_W, bp_dW = bp[Kind.WEIGHTS].number, bp[Kind.GRADIENTS].number
    wanted = {
        Promise.WEIGHTS: (bp_W, 0, bp_dW),
        Promise.LAYERWISE: (0, bp_W, bp_dW),
        Promise.DIRECT: (alone, blocks, bp_dW),
        Promise.NOTHING: (0, 0, 1),
    }.get(kind)
    if wanted is None:
        return unknown(name)
    inside = " (inside blocks)" if kind is Promise.DIRECT and alone == W and alone else ""
    said = f"{W} with W{inside}, {B} with B, {dW} for weight gradients"
    if (W, B, dW) == wanted:
        return passes(name, f"{said}: exactly those that its definition needs.")
    if (surplus := W - wanted[0]) > 0:
        return fails(name, f"{said}: {surplus} with W should not be computed at all.")
    return fails(name, f"{said}, and not {wanted[0]}, {wanted[1]} and {wanted[2]}.")


class _Counter(TorchDispatchMode):
    """Counts products while it is entered."""

    def __init__(self, subject: Subject, matrices: Iterable[Tensor]):
        super().__init__()
        self.counts: Counts = {kind: Count() for kind in Kind}
        self._samples = len(subject.x)
        self._known = [(W.detach(), Kind.WEIGHTS) for _, W in subject.network.weights()]
        self._known += [(B, Kind.FEEDBACK) for B in matrices]
        self._places = {tensor.untyped_storage().data_ptr(): kind for tensor, kind in reversed(self._known)}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        packet = func.overloadpacket
        if packet in LAST_TWO:
            left, right = (args[n] for n in LAST_TWO[packet])
            self._add(self._kind(left, right), left.numel() * prod(right.shape[-1:] if right.dim() > 1 else ()))
        elif packet is aten.convolution_backward:
            delta, _, weight = args[:3]
            size = delta.numel() * weight[0].numel()
            for wanted, kind in zip(args[-1], (self._kind(weight), Kind.GRADIENTS), strict=False):
                if wanted:
                    self._add(kind, size)
        elif packet is aten.convolution:
            out_channels_share = args[1][0].numel()
            out = func(*args, **(kwargs or {}))
            self._add(self._kind(args[1]), out.numel() * out_channels_share)
            return out
        return func(*args, **(kwargs or {}))

    def _add(self, kind: Kind, multiplications: int) -> None:
        self.counts[kind] = self.counts[kind].plus(multiplications / self._samples)

    def _kind(self, *operands: Tensor) -> Kind:
        """The kind by where an operand is stored, else by its values: a copy of W is W."""
        for operand in operands:
            if (kind := self._places.get(operand.untyped_storage().data_ptr())) is not None:
                return kind
        for operand in operands:
            for tensor, kind in self._known:
                if _same(operand, tensor) or (tensor.dim() == 2 and _same(operand, tensor.T)):
                    return kind
        return Kind.GRADIENTS


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool(one.any()) and torch.equal(one, other)
