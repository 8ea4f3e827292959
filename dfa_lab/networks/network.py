"""A network as the rules see it: a list of blocks, which receive feedback at their outputs, and a readout."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod, sqrt

import torch
from torch import Tensor, nn

from dfa_lab.networks.layers import NONLINEARITIES, Conv2d, Dropout, Linear, Noise

PLAIN = (nn.Sequential, nn.Flatten, nn.BatchNorm1d, Dropout, *NONLINEARITIES.values())  # beside a layer of a dense block


class Network(nn.Module):
    """blocks: x -> h_1 -> … -> h_L, each a module; readout: h_L -> y, the logits (N, classes)."""

    def __init__(self, blocks: list[nn.Module], shape: tuple[int, ...], classes: int, samples: int = 1):
        """`shape`: of one input, without the batch. The blocks tell their own output shapes by running once, on so many
        `samples`; with none, nothing is computed."""
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.noise = Noise()
        for module in self.modules():
            if isinstance(module, Dropout):
                module.noise = self.noise
        self.eval()  # one sample has no variance that a batch norm could divide by
        self.shapes: list[tuple[int, ...]] = []  # of h_1 … h_L, without the batch
        with torch.no_grad():
            h = torch.zeros(samples, *shape)
            for block in blocks:
                h = block(h)
                self.shapes.append(tuple(h.shape[1:]))
        self.readout = Linear(prod(self.shapes[-1]), classes)
        self.train()

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x)
        return self.readout(x.flatten(1))

    def hidden(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """([h_1 … h_L], logits) in one graph, as backpropagation needs it."""
        hs: list[Tensor] = []
        for block in self.blocks:
            x = block(x)
            hs.append(x)
        return hs, self.readout(x.flatten(1))

    def mode(self, training: bool) -> None:
        """Dropout and batch norm as in training, or as in evaluation."""
        if self.training != training:
            self.train(training)

    def layers(self) -> Iterator[tuple[int, Linear | Conv2d]]:
        """(l, layer) of every weighted layer: l counts blocks from 1, the readout is L+1."""
        for number, part in enumerate([*self.blocks, self.readout], start=1):
            for module in part.modules():
                if isinstance(module, (Linear, Conv2d)):
                    yield number, module

    def weights(self) -> list[tuple[int, Tensor]]:
        """(l, W) of every weighted layer, in order."""
        return [(number, layer.weight) for number, layer in self.layers()]

    def multiplications(self) -> list[int]:
        """Multiplications in every weighted layer, for one sample forward; of a convolution before 3/2 pooling, nearly."""
        return [W.numel() * (4 * prod(self.shapes[number - 1][1:]) if W.dim() == 4 else 1) for number, W in self.weights()]

    @contextmanager
    def through_weights(self) -> Iterator[None]:
        """Inside, the backward pass uses W everywhere: the true gradient, whatever the rule."""
        layers = [layer for _, layer in self.layers()]
        for layer in layers:
            layer.through_weights = True
        try:
            yield
        finally:
            for layer in layers:
                layer.through_weights = False


def only_dense(part: nn.Module) -> Linear | None:
    """The one dense layer of a block in which there is no other map from inputs to outputs; None elsewhere."""
    dense = [module for module in part.modules() if isinstance(module, Linear)]
    plain = all(isinstance(module, (Linear, *PLAIN)) for module in part.modules())
    return dense[0] if len(dense) == 1 and plain else None


def fan_in(layer: Linear | Conv2d) -> int:
    """Inputs of one output unit: in, or channels_in·k·k."""
    return layer.weight[0].numel()


def draw_weights(network: Network, generator: torch.Generator) -> None:
    """W and b uniform in ±1/√fan-in, torch's and torch7's ordinary initialisation."""
    for _, layer in network.layers():
        bound = 1 / sqrt(fan_in(layer))
        with torch.no_grad():
            layer.weight.uniform_(-bound, bound, generator=generator)
            if layer.bias is not None:
                layer.bias.uniform_(-bound, bound, generator=generator)


def zero_weights(network: Network, but_first: bool = False) -> None:
    """W = b = 0 everywhere (`but_first`: but in the first layer), the paper's initialisation for fa and dfa with tanh
    and sigmoid."""
    with torch.no_grad():
        for _, layer in list(network.layers())[but_first:]:
            layer.weight.zero_()
            if layer.bias is not None:
                layer.bias.zero_()
