"""Looking at a network while it is trained, without a trace: evaluation mode, no gradient, no random number.

A picture of a network between two steps must not change the next one, bit for bit.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from dfa_lab.networks import Network


@contextmanager
def undisturbed(network: Network) -> Iterator[None]:
    """Inside, dropout and batch norm are as in evaluation and no graph is kept; every module's mode is put back after."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def answers(network: Network, criterion: str, x: Tensor) -> Tensor:
    """p (N, C) of the inputs x (N, …): the softmax of the logits (ce), or a logistic unit a class (bce)."""
    with undisturbed(network):
        y = network(x).float()
        return torch.softmax(y, 1) if criterion == "ce" else torch.sigmoid(y)
