"""Linear and Conv2d whose backward pass may send the error through B instead of W (feedback alignment).

Forward, and the gradients of W and b, are the ordinary ones. Without a `feedback` they are torch's own layers.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from dfa_lab.seeding import governed
from dfa_lab.seeding import number as seeded

Size = int | tuple[int, int]


class _LinearThroughFeedback(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, W: Tensor, b: Tensor | None, B: Tensor) -> Tensor:  # h (N,in), W and B (out,in)
        ctx.save_for_backward(h, B)
        ctx.has_bias = b is not None
        return F.linear(h, W, b)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (delta,) = grads  # (N,out)
        h, B = ctx.saved_tensors
        signal = delta @ B if ctx.needs_input_grad[0] else None
        delta, h = (one.reshape(-1, one.shape[-1]) for one in (delta, h))  # tokens (N,T,in) are samples; (in) is one
        dW = delta.T @ h if ctx.needs_input_grad[1] else None
        return signal, dW, delta.sum(0) if ctx.has_bias and ctx.needs_input_grad[2] else None, None


class _ConvThroughFeedback(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, W: Tensor, b: Tensor | None, B: Tensor, *how: Any) -> Tensor:
        stride, padding, dilation, groups = how
        ctx.save_for_backward(h, B)
        ctx.bias_sizes = None if b is None else [b.numel()]
        ctx.how = ([*stride], [*padding], [*dilation], False, [0, 0], groups)
        return F.conv2d(h, W, b, stride, padding, dilation, groups)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (delta,) = grads
        h, B = ctx.saved_tensors
        wanted = [*ctx.needs_input_grad[:2], ctx.bias_sizes is not None and ctx.needs_input_grad[2]]
        signal, dW, db = torch.ops.aten.convolution_backward(delta, h, B, ctx.bias_sizes, *ctx.how, wanted)
        return signal, dW, db, None, None, None, None, None


def _as_autocast(*tensors: Tensor | None) -> list[Tensor | None]:
    """What autocast does for torch's own layers and not for an autograd.Function."""
    device = next(tensor.device.type for tensor in tensors if tensor is not None)
    if device == "meta" or not torch.is_autocast_enabled(device):
        return list(tensors)
    dtype = torch.get_autocast_dtype(device)
    return [tensor if tensor is None else tensor.to(dtype) for tensor in tensors]


def _refuse_weights(layer: "Linear | Conv2d") -> None:
    """Raise, for a layer that was the first to be used and now is not: it has no B."""
    if not layer.through_weights:
        raise RuntimeError(
            f"a {type(layer).__name__} that came first on trial is now used above others, and has no feedback matrix: let the "
            "network use its layers in one order, or train without this rule"
        )


class Linear(nn.Linear):
    """nn.Linear with weights left empty (the network draws them) and an optional `feedback` B, shaped as the weight."""

    feedback: Tensor | None
    through_weights = False  # True: ignore the feedback, for the true gradient
    teaches_below = True  # whether something that learns lies below it, to which it has to pass the error on
    keeps_weights = False  # True: they are the author's of a network file
    passes_nothing = False  # True: a rule sends no error below it, and it would have to go through W

    def __init__(self, features_in: int, features_out: int, bias: bool = True):
        super().__init__(features_in, features_out, bias)
        self.register_buffer("feedback", None)

    def reset_parameters(self) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        if self.feedback is None or self.through_weights:
            if self.passes_nothing and input.requires_grad:
                _refuse_weights(self)
            return F.linear(input, self.weight, self.bias)
        return _LinearThroughFeedback.apply(*_as_autocast(input, self.weight, self.bias, self.feedback))  # type: ignore[no-any-return]


class Conv2d(nn.Conv2d):
    """nn.Conv2d, padded with zeros so that its size is kept unless told otherwise, with an optional `feedback` B, shaped
    as the weight."""

    feedback: Tensor | None
    through_weights = False
    teaches_below = True
    keeps_weights = False
    passes_nothing = False

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | None = None,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
    ):
        if padding is None:
            padding = kernel_size // 2 if isinstance(kernel_size, int) else (kernel_size[0] // 2, kernel_size[1] // 2)
        super().__init__(channels_in, channels_out, kernel_size, stride, padding, dilation, groups, bias)
        self.register_buffer("feedback", None)

    def reset_parameters(self) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        if self.feedback is None or self.through_weights:
            if self.passes_nothing and input.requires_grad:
                _refuse_weights(self)
            return super().forward(input)
        how = (self.stride, self.padding, self.dilation, self.groups)
        if input.dim() == 3:  # one sample
            return self(input[None])[0]  # type: ignore[no-any-return]
        return _ConvThroughFeedback.apply(*_as_autocast(input, self.weight, self.bias, self.feedback), *how)  # type: ignore[no-any-return]


class Noise:
    """Where the random numbers of one network's passes come from: the same for every rule of a seed."""

    def __init__(self, own: int | None = None):
        """`own`: the seed of a network of a person's own, which may draw without asking here; None: all ask for `mask`."""
        self._number: Callable[[], int] = int
        self._stream: torch.Generator | None = None  # on the device of what it is asked for
        self._own = own

    def fresh(self) -> "Noise":
        """Another one, for a copy of the network."""
        return Noise(self._own)

    def start(self, number: Callable[[], int]) -> None:
        """Begin the stream of this number anew; it is only reckoned out if a mask is asked for."""
        self._number, self._stream = number, None

    def passing(self, training: bool, device: torch.device, direction: str = "forward") -> AbstractContextManager[None]:
        """To be entered around each pass: what a network of one's own draws is that of the number started, or, in evaluation,
        always the same."""
        if self._own is None:
            return nullcontext()
        started = self._number() if training else "evaluation"
        return governed(seeded(self._own, "own network", started, direction), device)

    def mask(self, h: Tensor, p: float) -> Tensor:
        """Shaped as h: 0 with probability p, else 1/(1-p)."""
        if h.is_meta:  # a mask without values
            return torch.empty_like(h)
        if self._stream is None:
            self._stream = torch.Generator(h.device).manual_seed(self._number())
        mask = torch.empty_like(h, memory_format=torch.contiguous_format)  # drawn in this order however h lies in memory
        return mask.bernoulli_(1 - p, generator=self._stream).div_(1 - p)


class Dropout(nn.Module):
    """Inverted dropout with masks from its network's noise."""

    def __init__(self, p: float):
        super().__init__()
        self.p = p
        self.noise = Noise()

    def forward(self, h: Tensor) -> Tensor:
        return h * self.noise.mask(h, self.p) if self.training and self.p else h


NONLINEARITIES: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}
