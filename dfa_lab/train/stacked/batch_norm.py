"""Batch norm by hand, for one run or R stacked ones."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dfa_lab.machine.memory_layout import columns, in_columns

ops = torch.ops.aten


class Norm:
    """Batch norm in training: every run with the statistics of its own batch, and running ones for evaluation."""

    running_mean: Tensor | None
    running_var: Tensor | None

    def __init__(self, layers: Sequence[nn.BatchNorm1d | nn.BatchNorm2d], scale: Tensor, shift: Tensor | None, *grads: Tensor):
        """`scale` and `shift` (R, C) or (C,) and their gradients; no `shift` of its own if it stays zero."""
        self.layers, self.scale, self.shift, self.grads = layers, scale, shift, grads
        if len(layers) > 1:
            for name in ("running_mean", "running_var"):
                joined = torch.stack([getattr(layer, name) for layer in layers])
                for layer, row in zip(layers, joined, strict=True):  # what is kept of a run are views
                    setattr(layer, name, row)
                setattr(self, name, joined.view(-1))
        else:
            self.running_mean, self.running_var = layers[0].running_mean, layers[0].running_var
        self._each = [
            Norm([layer], scale[r], None if shift is None else shift[r], *(grad[r] for grad in grads))
            for r, layer in enumerate(layers)
            if len(layers) > 1
        ]

    def forward(self, h: Tensor) -> Tensor:
        self.dense = h.dim() == 3
        if self._looped(h):
            out = columns(h.shape, h)
            for norm, own, place in zip(self._each, h, out, strict=True):
                place.copy_(norm.forward(own))
            return out
        self.h = to_channels(h) if self.dense else h
        scale = self.scale.flatten()
        shift = layer_shift(self.layers) if self.shift is None else self.shift.flatten()
        first, running = self.layers[0], (self.running_mean, self.running_var)
        assert first.momentum is not None
        out, *self.saved = ops.native_batch_norm(self.h, scale, shift, *running, True, first.momentum, first.eps)
        for layer in self.layers:
            assert layer.num_batches_tracked is not None
            layer.num_batches_tracked.add_(1)
        return self._as_it_came(out, h)

    def backward(self, g: Tensor) -> Tensor:
        if self._looped(g):
            for norm, own in zip(self._each, g, strict=True):
                own.copy_(norm.backward(own))
            return g
        flat = to_channels(g) if self.dense else g.contiguous()
        wanted = [True, True, self.shift is not None]
        statistics = (self.running_mean, self.running_var, *self.saved)
        back, *found = ops.native_batch_norm_backward(
            flat, self.h, self.scale.flatten(), *statistics, True, self.layers[0].eps, wanted
        )
        for grad, new in zip(self.grads, found, strict=False):
            grad.copy_(new.view_as(grad))
        return self._as_it_came(back, g)

    def _as_it_came(self, found: Tensor, h: Tensor) -> Tensor:
        """A tensor that lies like h: as maps, or (N, n) or (R, N, n) in columns."""
        if self.dense:
            return from_channels(found, len(self.layers))
        return in_columns(found) if h.dim() == 2 else found

    def _looped(self, h: Tensor) -> bool:
        """On a CPU, dense runs are normalised one after the other, as in `Dense`."""
        return self.dense and h.device.type == "cpu"


def layer_shift(layers: Sequence[nn.BatchNorm1d | nn.BatchNorm2d]) -> Tensor:
    """β of norms that do not train it."""
    return torch.cat([layer.bias.detach() for layer in layers])


def to_channels(h: Tensor) -> Tensor:
    """(R, N, n) -> (N, R·n)."""
    return h.transpose(0, 1).reshape(h.shape[1], -1)


def from_channels(h: Tensor, runs: int) -> Tensor:
    """(N, R·n) -> (R, N, n)."""
    return in_columns(h.view(len(h), runs, -1).transpose(0, 1).contiguous())
