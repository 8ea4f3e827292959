"""Walk a few samples through blocks, to see what their code does: in which order layers are really used, what takes an error
back to its input, and which block writes into what it is given.

A definition says none of this: `fc2` may be applied before `fc1`, and a layer after a batch norm is not the first one taught.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from dfa_lab.networks.layers import Conv2d, Linear

SAMPLES = 2  # of a walk as in training: a batch norm cannot divide by the variance of one


@dataclass
class Walked:
    """What walks have shown. `order`: layers by their first use; `fed`: those whose input passes an error on to what is
    below; `writing`: blocks, counted from 0, that change their input in place; `shapes`: of h_1 … h_L, without the batch."""

    order: list[nn.Module] = field(default_factory=list)
    fed: set[nn.Module] = field(default_factory=set)
    writing: set[int] = field(default_factory=set)
    shapes: list[tuple[int, ...]] = field(default_factory=list)


def walk(blocks: Sequence[nn.Module], shape: tuple[int, ...], training: bool, seen: Walked, samples: int = 1) -> None:
    """Forward with a graph, on zeros of this shape (without the batch), in this mode; buffers are then as before."""
    samples = SAMPLES if training else samples
    for block in blocks:
        block.train(training)
    with torch.enable_grad(), _watched(blocks, seen), buffers_kept(blocks):
        h = torch.zeros(samples, *shape)
        shapes = []
        for number, block in enumerate(blocks):
            given, version = h, h._version
            h = block(h)
            if given._version != version:
                seen.writing.add(number)
            shapes.append(tuple(h.shape[1:]))
    seen.shapes = shapes


@contextmanager
def _watched(blocks: Sequence[nn.Module], seen: Walked) -> Iterator[None]:
    """Inside, each use of one of the lab's layers is written down."""

    def note(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        if layer not in seen.order:
            seen.order.append(layer)
        if any(isinstance(h, Tensor) and h.requires_grad for h in inputs):
            seen.fed.add(layer)

    layers = {m for block in blocks for m in block.modules() if isinstance(m, (Linear, Conv2d))}
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def buffers_kept(blocks: Iterable[nn.Module]) -> Iterator[None]:
    """Afterwards all buffers are as before."""
    kept = [(buffer, buffer.clone()) for block in blocks for buffer in block.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, old in kept:
                buffer.copy_(old)
