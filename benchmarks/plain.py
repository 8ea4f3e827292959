"""The training step that anyone would write, which the benchmarks compare with: an nn.Sequential, torch's own loss,
loss.backward(), torch's optimiser."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn


class Plain:
    """Backpropagation of one network."""

    def __init__(self, network: nn.Module, optimizer: str, device: str = "cpu"):
        self.network = network.to(device)
        kind = torch.optim.SGD if optimizer == "sgd" else torch.optim.RMSprop
        self.optimizer = kind(self.network.parameters(), lr=1e-4)

    def step(self, x: torch.Tensor, t: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(self.network(x), F.one_hot(t, 10).float(), reduction="sum") / len(x)
        loss.backward()
        self.optimizer.step()


def mlp(num_hidden: int, num_layers: int) -> nn.Module:
    """784 inputs, tanh, 10 classes."""
    layers: list[nn.Module] = [nn.Flatten()]
    for wide_in, wide_out in pairwise([784] + [num_hidden] * num_layers):
        layers += [nn.Linear(wide_in, wide_out), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(num_hidden, 10))


def conv() -> nn.Module:
    """The paper's network for CIFAR-10."""
    layers: list[nn.Module] = []
    for wide_in, wide_out in pairwise([3, 96, 128, 256]):
        layers += [nn.Conv2d(wide_in, wide_out, 5, padding=2), nn.Tanh(), nn.MaxPool2d(3, 2)]
    layers.append(nn.Flatten())
    for wide_in, wide_out in pairwise([256 * 3 * 3, 2048, 2048]):
        layers += [nn.Linear(wide_in, wide_out), nn.Tanh()]
    return nn.Sequential(*layers, nn.Linear(2048, 10))
