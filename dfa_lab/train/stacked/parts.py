"""The parts of a network with their forward and backward pass by hand, for one run or R stacked ones.

`forward` keeps what `backward` needs until the next one; `backward` turns ∂L/∂output into ∂L/∂input and may write over
what it is given.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from dfa_lab.machine.memory_layout import by_unit, columns, in_columns, in_rows, sent

ops = torch.ops.aten


class Part(Protocol):
    """What has no weights that feedback could replace."""

    def forward(self, h: Tensor) -> Tensor: ...

    def backward(self, g: Tensor) -> Tensor: ...


class Weighted(Protocol):
    """A layer of weights W, in one run or in each of R; h is what it was given. `maps`: h and its output are maps."""

    W: Tensor
    maps: bool

    @property
    def h(self) -> Tensor: ...

    def forward(self, h: Tensor) -> Tensor: ...

    def gradients(self, g: Tensor) -> None:
        """∂L/∂W and ∂L/∂b, of g = ∂L/∂a, to where they belong."""
        ...

    def send(self, g: Tensor, M: Tensor) -> Tensor:
        """The error a layer below gets through M, shaped as W: for the runs of M alone, which g is of too."""
        ...


class Dense:
    """a = h Wᵀ + b. On a CPU the product of each run is one of its own, so that its last digits are those of a run alone."""

    maps = False

    def __init__(self, W: Tensor, b: Tensor | None, dW: Tensor, db: Tensor | None):
        self.W, self.b, self.dW, self.db = W, b, dW, db
        self.h = W  # until it is given something
        looped = W.dim() == 3 and W.device.type == "cpu"
        each = zip(*([None] * len(W) if one is None else list(one) for one in (W, b, dW, db)), strict=True) if looped else ()
        self._each = [Dense(*one) for one in each]
        # Made once, as every call in a step counts.
        self._across = W.mT
        self._by_unit = by_unit(W)
        self._row = None if b is None else b if W.dim() == 2 else b.unsqueeze(1)
        self._column = None if b is None else b.unsqueeze(-1)
        self._ones: dict[int, Tensor] = {}  # samples -> as many; kept, as a recorded step goes on to read them

    def forward(self, h: Tensor) -> Tensor:
        self.h = h
        if not self._each:
            return self._sums(h)
        a = columns((*h.shape[:2], self.W.shape[1]), h)
        for one, own, out in zip(self._each, h.unbind(), a.unbind(), strict=True):
            one.h = own
            one._sums(own, out)
        return a

    def _sums(self, h: Tensor, out: Tensor | None = None) -> Tensor:
        if self._by_unit:
            place = None if out is None else out.mT
            if self._column is None:
                return torch.mm(self.W, h.mT, out=place).mT
            return torch.addmm(self._column, self.W, h.mT, out=place).mT
        if h.dim() == 2:
            return torch.mm(h, self._across, out=out) if self._row is None else torch.addmm(self._row, h, self._across, out=out)
        return torch.bmm(h, self._across) if self._row is None else torch.baddbmm(self._row, h, self._across)

    def gradients(self, g: Tensor) -> None:
        if self._each:
            for one, own in zip(self._each, g.unbind(), strict=True):
                one.gradients(own)
            return
        across = g.mT
        if g.dim() == 3:
            torch.bmm(across, self.h, out=self.dW)
            if self.db is not None:
                torch.sum(g, -2, out=self.db)
            return
        torch.mm(across, self.h, out=self.dW)
        if self.db is not None:
            torch.mv(across, self._ones_for(g), out=self.db)  # the sum, in less time

    def descend(self, g: Tensor, rates: Sequence[float]) -> None:
        """W and b make a step of plain gradient descent, without their gradients being written down; `rates`: of each run."""
        if self._each:
            for one, own, rate in zip(self._each, g.unbind(), rates, strict=True):
                one.descend(own, [rate])
            return
        across = g.mT
        if g.dim() == 3:
            self.W.baddbmm_(across, self.h, alpha=-rates[0])
            if self.b is not None:
                self.b.sub_(torch.sum(g, -2), alpha=rates[0])
            return
        self.W.addmm_(across, self.h, alpha=-rates[0])
        if self.b is not None:
            self.b.addmv_(across, self._ones_for(g), alpha=-rates[0])  # the sum and the step in one call

    def _ones_for(self, g: Tensor) -> Tensor:
        """(N,) ones, N as in g (N, n)."""
        count = g.shape[0]  # `len` of a tensor takes three times as long
        if (ones := self._ones.get(count)) is None:
            ones = self._ones[count] = g.new_ones(count)
        return ones

    def send(self, g: Tensor, M: Tensor) -> Tensor:
        return sent(g, M)


class Convolution:
    """a = h * W + b, of R runs as R groups of channels."""

    maps = True

    def __init__(self, layer: nn.Conv2d, W: Tensor, b: Tensor | None, dW: Tensor, db: Tensor | None):
        self.W, self.b, self.dW, self.db = W, b, dW, db
        self.h = W  # until it is given something
        assert isinstance(layer.padding, tuple)
        self.how = (list(layer.stride), list(layer.padding), list(layer.dilation))

    def forward(self, h: Tensor) -> Tensor:
        self.h = h
        b = None if self.b is None else self.b.flatten()
        return torch.convolution(h, _kernels(self.W), b, *self.how, False, [0, 0], _groups(self.W))

    def gradients(self, g: Tensor) -> None:
        W, wanted = _kernels(self.W), [False, True, self.db is not None]
        size = None if self.db is None else [len(W)]
        _, dW, db = ops.convolution_backward(g, self.h, W, size, *self.how, False, [0, 0], _groups(self.W), wanted)
        self.dW.copy_(dW.view_as(self.dW))
        if self.db is not None:
            self.db.copy_(db.view_as(self.db))

    def send(self, g: Tensor, M: Tensor) -> Tensor:
        h = self.h[:, : _groups(M) * M.shape[-3]]  # only its shape is looked at
        wanted = [True, False, False]
        return ops.convolution_backward(g, h, _kernels(M), None, *self.how, False, [0, 0], _groups(M), wanted)[0]


class Activation:
    """tanh, sigmoid or relu; written over its input, which is the sum of a layer and nobody else's."""

    def __init__(self, kind: type[nn.Module]):
        self._forward, self._backward = ACTIVATIONS[kind]

    def forward(self, h: Tensor) -> Tensor:
        self.h = self._forward(h)
        return self.h

    def backward(self, g: Tensor, of: slice | None = None) -> Tensor:
        """`of`: the runs that g is of, where it is not of all."""
        return self._backward(g, self.h if of is None else self.h[of])


_TANH, _SIGMOID = ops.tanh_backward.grad_input, ops.sigmoid_backward.grad_input
_THRESHOLD = ops.threshold_backward.grad_input
ACTIVATIONS: dict[type[nn.Module], tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]] = {
    nn.Tanh: (torch.tanh_, lambda g, h: _TANH(g, h, grad_input=g)),
    nn.Sigmoid: (torch.sigmoid_, lambda g, h: _SIGMOID(g, h, grad_input=g)),
    nn.ReLU: (torch.relu_, lambda g, h: _THRESHOLD(g, h, 0, grad_input=g)),
}


class Mask:
    """Dropout, with a mask that is the same for every run of a seed."""

    def __init__(self, p: float, draw: Callable[[Tensor, float], Tensor]):
        """`draw(h, p)`: the next mask of the step, shaped as h."""
        self._p, self._draw = p, draw

    def forward(self, h: Tensor) -> Tensor:
        mask = self._draw(h, self._p)
        if h.dim() == 4:
            self.mask = mask
            return h * mask
        self.mask = in_columns(mask)
        return in_columns(h * self.mask)

    def backward(self, g: Tensor) -> Tensor:
        # Of fewer runs than the mask, the first ones are meant.
        mask = self.mask if g.shape == self.mask.shape else self.mask[tuple(map(slice, g.shape))]
        return g.mul_(mask)


class Pool:
    """Max-pooling."""

    def __init__(self, layer: nn.MaxPool2d):
        self.how = ([layer.kernel_size] * 2, [layer.stride] * 2, [0, 0], [1, 1], False)

    def forward(self, h: Tensor) -> Tensor:
        self.h = h
        pooled, self.where = ops.max_pool2d_with_indices(h, *self.how)
        return pooled

    def backward(self, g: Tensor) -> Tensor:
        return ops.max_pool2d_with_indices_backward(g.contiguous(), self.h, *self.how, self.where)


class Flatten:
    """Maps become the inputs of a dense layer; what is dense already stays as it is."""

    def __init__(self, runs: int):
        self.runs = runs

    def forward(self, h: Tensor) -> Tensor:
        self.shape = h.shape[1:]
        if self.runs == 1:
            return h.flatten(1)
        return to_rows(h, self.runs) if h.dim() == 4 else h

    def backward(self, g: Tensor) -> Tensor:
        if self.runs == 1:
            return g.reshape(g.shape[0], *self.shape)
        return to_maps(g, self.shape[1:]) if len(self.shape) == 3 else g


def to_rows(h: Tensor, runs: int) -> Tensor:
    """(N, R·C, H, W) -> (R, N, C·H·W)."""
    return in_rows(h.reshape(len(h), runs, -1).transpose(0, 1).contiguous())


def to_maps(g: Tensor, size: Sequence[int]) -> Tensor:
    """(R, N, C·H·W) -> (N, R·C, H, W), with `size` (H, W)."""
    return g.transpose(0, 1).reshape(g.shape[1], -1, *size)


def _kernels(W: Tensor) -> Tensor:
    """(R, out, in, k, k) as the kernels of a grouped convolution."""
    return W.flatten(0, 1) if W.dim() == 5 else W


def _groups(W: Tensor) -> int:
    return len(W) if W.dim() == 5 else 1
