"""Flat: the parameters of several networks of one shape in one piece of memory, and their gradients in another.

Every network keeps its parameters; their values become views, so that whoever reads, saves or loads a network sees what
is trained here. An optimiser's step is then a few operations on one long vector, whatever the number of layers and runs.

The last digit of a matrix product depends on how its factors lie in memory. So on a CPU everything begins where torch
would have it begin: a run then computes the same whatever else is computed with it.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from math import prod

import torch
from torch import Tensor, nn

# Bytes: torch's tensors begin at multiples of 64 on a CPU, and its kernels take two vectors of 64 at a time and what is left
# of a run one by one, in other code with other last digits; so runs begin at multiples of both.
LINE = 128


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
            _padded(prod(shape[1:]), first.element_size(), first.device.type) for shape in self.shapes
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
        return [flat[start:].as_strided(shape, (stride, *_contiguous(shape[1:]))) for start, stride, shape in pieces]

    def piece(self, flat: Tensor, stage: range) -> Tensor:
        """The entries of a stage's parameters, of all runs, in `grads` or in a vector like `values`."""
        start = self._starts_in(flat)[stage.start]
        return flat[start : start + self._starts[stage.stop] - self._starts[stage.start]]

    def _starts_in(self, flat: Tensor) -> list[int]:
        return self._grad_starts if flat is self.grads else self._starts


def stacked(several: Tensor) -> Tensor:
    """(R, …) as the parts of train/stacked/parts.py want it: without R where that is 1."""
    return several[0] if len(several) == 1 else several


def rows(shape: Sequence[int], like: Tensor) -> Tensor:
    """An empty tensor (R, …) whose rows begin where they would if they were alone."""
    size, strides = _layout(tuple(shape), like.element_size(), like.device.type)
    return like.new_empty(size).as_strided(shape, strides)


def in_rows(several: Tensor) -> Tensor:
    """The same values as `rows`; a copy where they do not lie so already."""
    if several.device.type != "cpu" or prod(several.shape[1:]) * several.element_size() % LINE == 0:
        return several
    return rows(several.shape, several).copy_(several)


def by_unit(like: Tensor) -> bool:
    """Whether outputs of dense layers lie as `columns` says: on a CPU, and not in 16 bits, whose sums would be other ones than
    autocast's."""
    return like.device.type == "cpu" and like.dtype is not torch.bfloat16


def columns(shape: Sequence[int], like: Tensor) -> Tensor:
    """An empty tensor (N, n) or (R, N, n) in which all samples of a unit lie side by side, then those of the next.

    A product that writes so leaves W where the optimiser's step finds it soonest: steps take a tenth less, and half as long in
    those processes whose cores seem to share no cache (docs/benchmarks.md).
    """
    *runs, N, n = shape
    if not by_unit(like):
        return rows(shape, like) if runs else like.new_empty(shape)
    return rows((*runs, n, N), like).mT if runs else like.new_empty(n, N).mT


def in_columns(several: Tensor) -> Tensor:
    """The same values (N, n) or (R, N, n) as `columns` has them; a copy where they do not lie so already."""
    if not by_unit(several):
        return in_rows(several) if several.dim() == 3 else several
    if several.dim() == 2:
        wanted = several.shape[0], 1
    else:
        R, N, n = several.shape
        wanted = _layout((R, n, N), several.element_size(), "cpu")[1]
    return several if several.mT.stride() == wanted else columns(several.shape, several).copy_(several)


@lru_cache(1024)
def _layout(shape: tuple[int, ...], element_size: int, device: str) -> tuple[int, tuple[int, ...]]:
    """(entries, strides) of `rows`: every step asks for the same few."""
    stride = _padded(prod(shape[1:]), element_size, device)
    return shape[0] * stride, (stride, *_contiguous(shape[1:]))


def _padded(entries: int, element_size: int, device: str) -> int:
    per_line = LINE // element_size
    return -(-entries // per_line) * per_line if device == "cpu" else entries


def _contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(prod(shape[n + 1 :]) for n in range(len(shape)))
