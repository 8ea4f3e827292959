"""Linear and Conv2d whose backward pass may send the error through B instead of W (feedback alignment).

Forward, and the gradients of W and b, are the ordinary ones. Without a `feedback` they are torch's own layers.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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
        return signal, delta.T @ h, delta.sum(0) if ctx.has_bias else None, None


class _ConvThroughFeedback(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, h: Tensor, W: Tensor, b: Tensor | None, B: Tensor, padding: int) -> Tensor:
        ctx.save_for_backward(h, B)
        ctx.bias_sizes = None if b is None else [b.numel()]
        ctx.padding = [padding, padding]
        return F.conv2d(h, W, b, padding=padding)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (delta,) = grads
        h, B = ctx.saved_tensors
        wanted = [ctx.needs_input_grad[0], True, ctx.bias_sizes is not None]
        signal, dW, db = torch.ops.aten.convolution_backward(
            delta, h, B, ctx.bias_sizes, [1, 1], ctx.padding, [1, 1], False, [0, 0], 1, wanted
        )
        return signal, dW, db, None, None


class Linear(nn.Linear):
    """nn.Linear with weights left empty (the network draws them) and an optional `feedback` B, shaped as the weight."""

    feedback: Tensor | None
    through_weights = False  # True: ignore the feedback, for the true gradient

    def __init__(self, features_in: int, features_out: int):
        super().__init__(features_in, features_out)
        self.register_buffer("feedback", None)

    def reset_parameters(self) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        if self.feedback is None or self.through_weights:
            return F.linear(input, self.weight, self.bias)
        return _LinearThroughFeedback.apply(input, self.weight, self.bias, self.feedback)  # type: ignore[no-any-return]


class Conv2d(nn.Conv2d):
    """nn.Conv2d, stride 1, size kept, with an optional `feedback` B, shaped as the weight."""

    feedback: Tensor | None
    through_weights = False

    def __init__(self, channels_in: int, channels_out: int, kernel_size: int):
        super().__init__(channels_in, channels_out, kernel_size, padding=kernel_size // 2)
        self.register_buffer("feedback", None)

    def reset_parameters(self) -> None:
        pass

    def forward(self, input: Tensor) -> Tensor:
        if self.feedback is None or self.through_weights:
            return super().forward(input)
        padding = int(self.padding[0])
        return _ConvThroughFeedback.apply(input, self.weight, self.bias, self.feedback, padding)  # type: ignore[no-any-return]


NONLINEARITIES: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "relu": nn.ReLU}
