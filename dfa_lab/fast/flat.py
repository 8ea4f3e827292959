"""Flat: the parameters of several networks of one shape in one piece of memory, and their gradients in another.

Every network keeps its parameters; their values become views, so that whoever reads, saves or loads a network sees what
is trained here. An optimiser's step is then a few operations on one long vector, whatever the number of layers and runs.
"""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor, nn


class Flat:
    """Parameter k of every run side by side, k after k: `values` and `grads` are (all entries,)."""

    def __init__(self, parameters: Sequence[Sequence[nn.Parameter]]):
        """`parameters[k]`: the k-th of each run, all of one shape."""
        first = parameters[0][0]
        sizes = [len(same) * same[0].numel() for same in parameters]
        self.starts = [sum(sizes[:k]) for k in range(len(sizes) + 1)]
        self.values = torch.empty(self.starts[-1], dtype=first.dtype, device=first.device)
        self.grads = torch.zeros_like(self.values)
        self.shapes = [(len(same), *same[0].shape) for same in parameters]
        for same, rows in zip(parameters, self.split(self.values), strict=True):
            for p, row in zip(same, rows, strict=True):
                row.copy_(p.detach())
                p.data = row
                p.grad = None

    def split(self, flat: Tensor) -> list[Tensor]:
        """Views of a vector like `values`: (R, *shape) for each k."""
        pieces = zip(self.starts, self.shapes, strict=False)
        return [flat[start : start + prod(shape)].view(shape) for start, shape in pieces]


def stacked(several: Tensor) -> Tensor:
    """(R, …) as the parts of fast/layers.py want it: without R where that is 1."""
    return several[0] if len(several) == 1 else several
