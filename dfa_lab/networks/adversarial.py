"""Fast-sign adversarial samples: the direction in which the loss rises fastest, by true backpropagation under any rule."""

import torch
from torch import Tensor

from dfa_lab.networks import Network, criterion


def moved(network: Network, kind: str, x: Tensor, t: Tensor, eps: float) -> Tensor:
    """x + ε·sign(∂L/∂x), as dfa-torch: not clipped to the inputs' range. x (N, …), t (N,); `kind`: the criterion."""
    x = x.detach().requires_grad_()
    with torch.enable_grad(), network.through_weights():
        y = network(x)
        e = criterion.error(kind, criterion.as_float(y.detach()), t).to(y.dtype)
        with network.going_back():
            (slope,) = torch.autograd.grad(y, x, e)
    return step(x, slope, eps)


def step(x: Tensor, slope: Tensor, eps: float) -> Tensor:
    """x + ε·sign(slope), without graph."""
    return (x + eps * slope.sign()).detach()
