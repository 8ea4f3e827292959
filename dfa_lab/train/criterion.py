"""The two criteria, with the output error e = ∂L/∂y in closed form (y: the logits, t: the class of each sample)."""

import torch
import torch.nn.functional as F
from torch import Tensor


def loss(criterion: str, y: Tensor, t: Tensor) -> Tensor:
    """L (N,), one value a sample. bce: binary cross-entropy summed over the classes; ce: softmax cross-entropy."""
    if criterion == "ce":
        return F.cross_entropy(y, t, reduction="none")
    # -t·log σ(y) - (1-t)·log(1-σ(y)), summed over classes = Σ softplus(y) - y_t
    return F.softplus(y).sum(1) - y.gather(1, t[:, None]).squeeze(1)


def error(criterion: str, y: Tensor, t: Tensor) -> Tensor:
    """e (N, C) of the batch mean of `loss`: (p - onehot(t)) / N with p the logistic (bce) or the softmax (ce).

    dfa-torch's bce does not divide by N, so its sgd steps are N times ours; rmsprop and adam are blind to that.
    """
    p = torch.softmax(y, 1) if criterion == "ce" else torch.sigmoid(y)
    e = p.scatter_add(1, t[:, None], torch.full_like(y[:, :1], -1.0))
    return e.div_(len(y))
