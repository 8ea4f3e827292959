"""A network as the rules see it: a list of blocks, which receive feedback at their outputs, and a readout."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from math import prod

import torch
from torch import Tensor, nn

from dfa_lab.networks.layers import NONLINEARITIES, Conv2d, Dropout, Linear, Noise
from dfa_lab.networks.same_type import SameType
from dfa_lab.networks.walking import Walked, walk

PLAIN = (nn.Sequential, nn.Flatten, nn.BatchNorm1d, Dropout, *NONLINEARITIES.values())  # beside a layer of a dense block


class Network(nn.Module):
    """blocks: x -> h_1 -> … -> h_L, each a module; readout: h_L -> y, the logits (N, classes)."""

    def __init__(self, blocks: list[nn.Module], shape: tuple[int, ...], classes: int, own: int | None = None, samples: int = 1):
        """`shape`: of one input, without the batch; `own`: the seed of blocks that are a person's own, whose code may draw
        random numbers, and do otherwise in training than in a test. By a walk the blocks tell what they do, on so many
        `samples`; with none, nothing is computed."""
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.noise = Noise(own)
        for module in self.modules():
            if isinstance(module, Dropout):
                module.noise = self.noise
        seen = Walked()
        for training in (False,) if own is None else (True, False):
            with self.noise.passing(training, torch.device("cpu")):
                walk(blocks, shape, training, seen, samples)
        self.shapes = seen.shapes  # of h_1 … h_L, without the batch
        self.readout = Linear(prod(self.shapes[-1]), classes)
        self._writing = seen.writing
        self._layers = [*_in_order(blocks, seen), (len(blocks) + 1, self.readout)]
        self.train()

    def forward(self, x: Tensor) -> Tensor:
        return self.hidden(x)[1]

    def hidden(self, x: Tensor, cut: bool = False) -> tuple[list[Tensor], Tensor]:
        """([h_1 … h_L], logits): in one graph, as backpropagation needs it, or `cut`, each block in a graph of its own.

        A block that writes into its input gets a copy: h_l stays what block l has given, and x what it was.
        """
        hs: list[Tensor] = []
        with self.noise.passing(self.training, x.device), self._as_typed():
            for number, block in enumerate(self.blocks):
                x = x.detach() if cut else x
                x = block(x.clone() if number in self._writing else x)
                hs.append(x)
        return hs, self.readout((x.detach() if cut else x).flatten(1))

    def going_back(self) -> AbstractContextManager[None]:
        """Around each backward pass: what is drawn in it is that of the same step, too."""
        return self.noise.passing(self.training, self.readout.weight.device, "backward")

    def _as_typed(self) -> AbstractContextManager:
        """Around a pass: what a network makes for itself has the type of its weights."""
        dtype = self.readout.weight.dtype
        return nullcontext() if dtype is torch.float32 else SameType(dtype)

    def mode(self, training: bool) -> None:
        """Dropout and batch norm as in training, or as in evaluation."""
        if self.training != training:
            self.train(training)

    def layers(self) -> Iterator[tuple[int, Linear | Conv2d]]:
        """(l, layer) of every weighted layer, in the order in which they are used: l counts blocks from 1, the readout is
        L+1."""
        return iter(self._layers)

    def weights(self) -> list[tuple[int, Tensor]]:
        """(l, W) of every weighted layer, in order."""
        return [(number, layer.weight) for number, layer in self.layers()]

    def trained(self) -> list[tuple[int, Tensor]]:
        """(l, W) of those weighted layers that are not frozen: only these have gradients and take steps."""
        return [(number, W) for number, W in self.weights() if W.requires_grad]

    def hidden_matrices(self) -> list[Tensor]:
        """W (out, in) of every dense layer of the blocks that is not frozen, each once."""
        found = [layer.weight for number, layer in self.layers() if number <= len(self.blocks) and layer.weight.requires_grad]
        return list(dict.fromkeys(W for W in found if W.dim() == 2))

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


def _in_order(blocks: list[nn.Module], seen: Walked) -> list[tuple[int, Linear | Conv2d]]:
    """The layers of each block as the walk met them; those that it did not meet come last, as they were defined.

    `teaches_below` is set in each: False only where no use of it had anything below that could be taught.
    """
    met = {layer: place for place, layer in enumerate(seen.order)}
    found = []
    for number, block in enumerate(blocks, start=1):
        layers = [module for module in block.modules() if isinstance(module, (Linear, Conv2d))]
        for layer in sorted(layers, key=lambda layer: met.get(layer, len(met))):
            layer.teaches_below = layer in seen.fed or layer not in met
            found.append((number, layer))
    return found


def only_dense(part: nn.Module) -> Linear | None:
    """The one dense layer of a block in which there is no other map from inputs to outputs; None elsewhere."""
    dense = [module for module in part.modules() if isinstance(module, Linear)]
    plain = all(isinstance(module, (Linear, *PLAIN)) for module in part.modules())
    return dense[0] if len(dense) == 1 and plain else None
