"""Rule: how the output error e reaches each block. Three families, chain, direct and readout, behind one interface.

Shapes: N samples, C classes, n_l units of block l (flattened); e (N, C); h_l (N, …) with n_l entries a sample.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import prod
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from dfa_lab.feedback.description import Promise, ScriptLines
from dfa_lab.feedback.distributions import half_width
from dfa_lab.networks import Network
from dfa_lab.networks.criterion import target_part

# (number of the block that receives it, shape, half-width of the uniform distribution, or of one as wide) -> matrix
Draw = Callable[[int, tuple[int, ...], float], Tensor]


class Rule(nn.Module, ABC):
    """A learning rule bound to one network. Its feedback matrices are buffers, here or in the network's layers.

    What is said or done about a rule elsewhere is asked of its class: nothing there knows a rule by its name.
    """

    title: ClassVar[str]
    equation: ClassVar[str]  # LaTeX, of the signal at block l
    source: ClassVar[str]
    colour: ClassVar[str]  # the rule's one colour, everywhere; all of them keep 3:1 on white and on near-black
    paper_starts_at_zero: ClassVar[bool] = False  # with tanh and sigmoid
    path: ClassVar[Literal["chain", "direct", "none"]] = "none"  # on which the error reaches the hidden blocks: pages draw it
    replaces_weights: ClassVar[bool] = False  # its feedback stands in for the weights of every layer above the first
    promise: ClassVar[Promise] = Promise.UNKNOWN  # what the proofs hold it to; nothing is judged while it is unknown
    control: ClassVar[bool] = False  # it teaches the hidden layers nothing: the proofs set every rule beside it
    criteria: ClassVar[tuple[str, ...]] = ()  # those that it fits; empty: all of them
    script: ClassVar[ScriptLines | None] = None  # in the standalone script, for this class alone; None: it cannot be written
    changes: ClassVar[tuple[str, ...]] = ("flip", "redraw", "break")  # what may be done to its feedback while it trains

    criterion, exact = "bce", False  # of the experiment that it is bound for
    independent_entries = False  # its feedback's: they are drawn each by itself, with one spread

    def __init__(self, network: Network, magnitude: float, draw: Draw):
        """`magnitude` X: feedback as wide as ±X; 0: ±1/√n, n the number of units that one entry of the error fans out to."""
        super().__init__()

    @abstractmethod
    def hidden(self, network: Network, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """([h_1 … h_L], logits), with just the graph that the rule needs."""

    @abstractmethod
    def starts(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """(tensors, their gradients) from which autograd does the rest of the backward pass."""

    @abstractmethod
    def signals(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> list[Tensor | None]:
        """δ̂_l at the output of every block, shaped as h_l; None where the rule sends nothing. Keeps the graph."""

    @abstractmethod
    def matrices(self, network: Network) -> dict[int, Tensor]:
        """The feedback matrix B that delivers at block l, by l; empty where the rule has none."""

    def backward(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> None:
        """Put the rule's gradient into .grad of every parameter that it trains."""
        pairs = zip(*self.starts(hs, logits, e), strict=True)
        tensors, grads = zip(*((h, grad.to(h.dtype)) for h, grad in pairs if h.requires_grad), strict=True)
        torch.autograd.backward(tensors, grads)  # a block may have dropped, in this step, all that it trains


class ChainRule(Rule):
    """The error travels back block by block through a transport matrix in each layer: W for bp, B for fa."""

    path = "chain"

    def hidden(self, network: Network, x: Tensor) -> tuple[list[Tensor], Tensor]:
        return network.hidden(x)

    def starts(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        return [logits], [e]

    def signals(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> list[Tensor | None]:
        return list(torch.autograd.grad(logits, hs, e, retain_graph=True))

    def matrices(self, network: Network) -> dict[int, Tensor]:
        matrices: dict[int, Tensor] = {}
        for number, layer in network.layers():  # the first of a block to be used is the one that delivers below it
            if layer.feedback is not None and number > 1:  # to the input there is nothing to teach
                matrices.setdefault(number - 1, layer.feedback)
        return matrices


class DirectRule(Rule):
    """The error is projected straight to every block, δ̂_l = e·B_l.

    Blocks are cut from each other in the forward pass, so the products δ·W that a direct rule does not need are
    never computed: each block's own local gradient is all that autograd does.
    """

    path = "direct"
    promise = Promise.DIRECT
    broadcasts_target = False  # True: of e = (p - t)/N only -t/N is sent, as dfa-torch does with ce

    def __init__(self, network: Network, magnitude: float, draw: Draw):
        super().__init__(network, magnitude, draw)
        classes = network.readout.out_features
        for number, shape in enumerate(network.shapes, start=1):
            size = (classes, prod(shape))
            self.register_buffer(f"B{number}", draw(number, size, half_width(size, magnitude)))

    def hidden(self, network: Network, x: Tensor) -> tuple[list[Tensor], Tensor]:
        return network.hidden(x, cut=True)

    def signals(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> list[Tensor | None]:
        e = self.broadcast(logits, e)
        return [(e @ B).view_as(h) for h, B in zip(hs, self.buffers(), strict=True)]

    def broadcast(self, logits: Tensor, e: Tensor) -> Tensor:
        """What of e (N, C) is projected."""
        return target_part(self.criterion, e, logits.detach(), self.exact) if self.broadcasts_target else e

    def starts(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        return [*hs, logits], [*(s for s in self.signals(hs, logits, e) if s is not None), e]

    def matrices(self, network: Network) -> dict[int, Tensor]:
        return dict(enumerate(self.buffers(), start=1))


class ReadoutRule(Rule):
    """Nothing reaches the hidden blocks, which stay as they are; the readout has its own gradient."""

    path = "none"
    promise = Promise.NOTHING

    def hidden(self, network: Network, x: Tensor) -> tuple[list[Tensor], Tensor]:
        with torch.no_grad():
            hs, _ = network.hidden(x)
        return hs, network.readout(hs[-1].flatten(1))

    def starts(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        return [logits], [e]

    def signals(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> list[Tensor | None]:
        return [None] * len(hs)

    def matrices(self, network: Network) -> dict[int, Tensor]:
        return {}


def give_layers_feedback(network: Network, magnitude: float, draw: Draw) -> None:
    """A random B, shaped as W, for every layer that passes the error on to something below it that learns: ±X, or
    ±1/√fan-in of the layer.

    Those are all but the first to be used, or that one too where a norm or an embedding comes before it. A dense layer's
    fan-in is the number of units that receive its feedback, so there 0 means the same as for direct rules; a
    convolution's is channels·k².
    """
    for number, layer in network.layers():
        layer.passes_nothing = not layer.teaches_below
        if layer.teaches_below:
            shape = tuple(layer.weight.shape)
            layer.feedback = draw(number - 1, shape, half_width(shape, magnitude))
