"""Ask a network of one's own twice, with the same seed: where it gives other numbers, no run could be repeated, continued or
replayed.

What torch, numpy and random draw without a generator is governed (seeding.py), and buffers are kept with a run. A generator
that somebody makes, and a number that is counted in an attribute, are in nobody's hands.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from dfa_lab.networks.network import Network
from dfa_lab.networks.walking import SAMPLES, buffers_kept

ROUNDING = 1e-4  # of a number: no draw is so small

Passes = list[list[Tensor]]


def first_other(make: Callable[[], Network], shape: tuple[int, ...]) -> int:
    """The number of the first block, counted from 1, that gives other numbers in a second pass or in a second network that
    `make` gives; 0 if all repeat. Raises what the network raises."""
    x = torch.rand(SAMPLES, *shape, generator=torch.Generator().manual_seed(0))
    network = make()
    first = _passes(network, x)
    return max(_other(first, _passes(network, x)), _other(first, _passes(make(), x)))


def _passes(network: Network, x: Tensor) -> Passes:
    """h_1 … h_L in training and in a test."""
    found = []
    with torch.no_grad(), buffers_kept(network.blocks):
        for training in (True, False):
            network.mode(training)
            network.noise.start(lambda: 1)
            found.append([h.clone() for h in network.hidden(x.clone())[0]])
    return found


def _other(first: Passes, second: Passes) -> int:
    for one, two in zip(first, second, strict=True):
        for number, (h, again) in enumerate(zip(one, two, strict=True), start=1):
            if h.shape != again.shape or not torch.allclose(h, again, ROUNDING, ROUNDING, equal_nan=True):
                return number
    return 0
