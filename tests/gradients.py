"""The gradients that a run's rule, or plain autograd, gives on a batch."""

import torch
import torch.nn.functional as F
from torch import Tensor

from dfa_lab.networks import criterion
from dfa_lab.train.run import Run


def by_rule(run: Run, x: Tensor, t: Tensor) -> list[Tensor]:
    """Gradient of every parameter under the run's rule; zeros where the rule trains nothing."""
    run.network.zero_grad()
    hs, y = run.rule.hidden(run.network, x)
    run.rule.backward(hs, y, criterion.error(run.criterion, y.detach(), t))
    return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in run.network.parameters()]


def by_autograd(run: Run, x: Tensor, t: Tensor) -> list[Tensor]:
    """Gradient of every parameter of torch's own criterion through the same forward weights."""
    with run.network.through_weights():
        y = run.network(x)
        if run.criterion == "ce":
            loss = F.cross_entropy(y, t)
        else:
            loss = F.binary_cross_entropy_with_logits(y, F.one_hot(t, y.shape[1]).to(y), reduction="sum") / len(x)
        return list(torch.autograd.grad(loss, list(run.network.parameters())))


def assert_same(found: list[Tensor], wanted: list[Tensor]) -> None:
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def differ(found: Tensor, other: Tensor) -> bool:
    """True if they are clearly not the same vector."""
    return bool((found - other).norm() > 1e-3 * other.norm().clamp_min(1e-12))
