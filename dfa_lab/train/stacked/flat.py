"""Flat: the parameters of several networks of one shape in one piece of memory, and their gradients in another.

Every network keeps its parameters; their values become views, so that whoever reads, saves or loads a network sees what
is trained here. An optimiser's step is then a few operations on one long vector, whatever the number of layers and runs.

The last digit of a matrix product depends on how its factors lie in memory. So on a CPU everything begins where torch
would have it begin: a run then computes the same whatever else is computed with it.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import prod

import torch
from torch import Tensor, nn

from dfa_lab.machine.memory_layout import contiguous, padded


class Flat:
    """Parameter k of every run side by side, k after k, in `values`, and their gradients in `grads`, both (all entries,).

    A few entries between them are nobody's.
    """

    def __init__(self, parameters: Sequence[Sequence[nn.Parameter]], in_turn: Sequence[range] = ()):
        """`parameters[k]`: the k-th of each run, all of one shape. `in_turn`: of which k the gradients are used up before
        those of the next are written, so that all of them may have the same place; that place then stays in the cache.
        """
        first = parameters[0][0]
        self.shapes = [(len(same), *same[0].shape) for same in parameters]
        self._strides = [
            padded(prod(shape[1:]), first.element_size(), first.device.type) for shape in self.shapes
        ]  # from run to run
        sizes = [stride * shape[0] for stride, shape in zip(self._strides, self.shapes, strict=True)]
        self._starts = list(accumulate(sizes, initial=0))
        from_zero = {k: self._starts[turn.start] for turn in in_turn for k in turn}
        self._grad_starts = [start - from_zero.get(k, 0) for k, start in enumerate(self._starts)]
        ends = [start + size for start, size in zip(self._grad_starts, sizes, strict=False)]
        self.values = torch.zeros(self._starts[-1], dtype=first.dtype, device=first.device)
        self.grads = self.values.new_zeros(max(ends))
        for same, rows in zip(parameters, self.split(self.values), strict=True):
            for p, row in zip(same, rows, strict=True):
                row.copy_(p.detach())
                p.data = row
                p.grad = None

    def split(self, flat: Tensor) -> list[Tensor]:
        """Views of `grads`, or of a vector like `values`: (R, *shape) for each k."""
        pieces = zip(self._starts_in(flat), self._strides, self.shapes, strict=False)
        return [flat[start:].as_strided(shape, (stride, *contiguous(shape[1:]))) for start, stride, shape in pieces]

    def piece(self, flat: Tensor, stage: range) -> Tensor:
        """The entries of a stage's parameters, of all runs, in `grads` or in a vector like `values`."""
        start = self._starts_in(flat)[stage.start]
        return flat[start : start + self._starts[stage.stop] - self._starts[stage.start]]

    def _starts_in(self, flat: Tensor) -> list[int]:
        return self._grad_starts if flat is self.grads else self._starts


def stacked(several: Tensor) -> Tensor:
    """(R, …) as the parts of train/stacked/parts.py want it: without R where that is 1."""
    return several[0] if len(several) == 1 else several
