"""How tensors of several runs lie in memory, so that the last digits of a run do not depend on how many others there are.

Shapes: R runs, N samples, n units. Runs begin at multiples of what a processor's vectors hold, and on a CPU each run's
product is one of its own.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import prod

import torch
from torch import Tensor
from torch.nn.functional import pad

# Bytes: torch's tensors begin at multiples of 64 on a CPU, and its kernels take two vectors of 64 at a time and what is left
# of a run one by one, in other code with other last digits; so runs begin at multiples of both.
LINE = 128
VECTOR = 16  # numbers, or a multiple of as many, that a processor's vector holds


def rows(shape: Sequence[int], like: Tensor) -> Tensor:
    """An empty tensor (R, …) whose rows begin where they would if they were alone."""
    size, strides = _layout(tuple(shape), like.element_size(), like.device.type)
    return like.new_empty(size).as_strided(shape, strides)


def in_rows(several: Tensor) -> Tensor:
    """The values of `several` as `rows` has them; a copy where they do not lie so already."""
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
    """The values (N, n) or (R, N, n) as `columns` has them; a copy where they do not lie so already."""
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
    stride = padded(prod(shape[1:]), element_size, device)
    return shape[0] * stride, (stride, *contiguous(shape[1:]))


def padded(entries: int, element_size: int, device: str) -> int:
    """The number of entries from the start of one run to that of the next."""
    per_line = LINE // element_size
    return -(-entries // per_line) * per_line if device == "cpu" else entries


def contiguous(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides of a tensor of this shape without gaps."""
    return tuple(prod(shape[n + 1 :]) for n in range(len(shape)))


def sent(g: Tensor, M: Tensor) -> Tensor:
    """g M as `columns` has it, of each run alone on a CPU."""
    return product(M.mT, g.mT).mT if by_unit(g) else product(g, M)


def product(g: Tensor, M: Tensor) -> Tensor:
    """g M with its rows side by side, of each run alone on a CPU."""
    if g.dim() == 2 or g.device.type != "cpu":
        return g @ M
    out = rows((*g.shape[:2], M.shape[2]), g)
    for own, B, place in zip(g.unbind(), M.unbind(), out.unbind(), strict=True):  # a loop over a tensor takes longer
        torch.mm(own, B, out=place)
    return out


def whole_vectors(x: Tensor) -> Tensor:
    """x (…, n), its last dimension filled up with zeros to whole vectors of the processor: what a vector cannot hold is
    computed in another way."""
    return pad(x, (0, -x.shape[-1] % VECTOR))
