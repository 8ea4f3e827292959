"""The two criteria, with the output error e = ∂L/∂y in closed form (y: the logits, t: the class of each sample)."""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor


def as_float(y: Tensor) -> Tensor:
    """Logits of 16 bits in 32: probabilities close to 0 and 1 need them."""
    return y.float() if y.dtype == torch.bfloat16 else y


def loss(criterion: str, y: Tensor, t: Tensor, exact: bool = False) -> Tensor:
    """L (N,), one value a sample. bce: binary cross-entropy summed over the classes (`exact`: their mean, which is the
    value that dfa-torch prints); ce: softmax cross-entropy."""
    if criterion == "ce":
        return F.cross_entropy(y, t, reduction="none")
    # -t·log σ(y) - (1-t)·log(1-σ(y)), summed over classes = Σ softplus(y) - y_t
    total = F.softplus(y).sum(1) - y.gather(1, t[:, None]).squeeze(1)
    return total / y.shape[1] if exact else total


def error(criterion: str, y: Tensor, t: Tensor, exact: bool = False) -> Tensor:
    """e (N, C) of the batch mean of `loss`: (p - onehot(t)) / N with p the logistic (bce) or the softmax (ce).

    y may be of several runs, (R, N, C), and t then (R, N): e is that of each.

    `exact`: bce as in dfa-torch, p - onehot(t), which is divided by nothing. Its sgd steps are then N times as long;
    rmsprop and adam are blind to that.
    """
    p = _probabilities(criterion, y)
    e = p.scatter_(-1, t.unsqueeze(-1), -1.0, reduce="add")
    return e if exact and criterion == "bce" else e.div_(_number(y.shape[-2]))


def precise_error(criterion: str, y: Tensor, t: Tensor) -> Tensor:
    """e as `error`, for measures: p - 1 of the class itself is what is left for the others, and keeps all its digits.

    p rounded next to 1 has lost them. In 32 bits, once all training samples were learnt, that turned the e of single ones
    about, and their mean angle was off by 1°. Training goes by `error`, as torch does.
    """
    p, own = _probabilities(criterion, y), t.unsqueeze(-1)
    if criterion == "ce":
        return p.scatter(-1, own, -p.scatter(-1, own, 0.0).sum(-1, keepdim=True)).div_(_number(y.shape[-2]))
    others = torch.sigmoid(-y.gather(-1, own).double()).to(y.dtype)  # in 32 bits last digits depend on where an entry lies
    return p.scatter_(-1, own, -others).div_(_number(y.shape[-2]))


def target_part(criterion: str, e: Tensor, y: Tensor, exact: bool = False) -> Tensor:
    """-onehot(t) / N, or -onehot(t) where `error` divides by nothing: what is left of e (N, C) without p."""
    p = _probabilities(criterion, y)
    return e - (p if exact and criterion == "bce" else p / len(e))


def _probabilities(criterion: str, y: Tensor) -> Tensor:
    return torch.softmax(y, -1) if criterion == "ce" else torch.sigmoid(y)


@cache
def _number(N: int) -> Tensor:
    """N as a tensor, which torch would make of a number in every step."""
    return torch.tensor(float(N))
