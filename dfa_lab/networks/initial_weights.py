"""Initial weights: one network of a seed is drawn for every rule, and some rules' are then set to zero."""

from math import sqrt
from typing import Any

import torch
from torch import nn

from dfa_lab.networks.layers import Conv2d, Linear
from dfa_lab.networks.network import Network


def fan_in(layer: Linear | Conv2d) -> int:
    """Inputs of one output unit: in, or channels_in·k·k."""
    return layer.weight[0].numel()


def draw_weights(
    network: Network, generator: torch.Generator, anew: bool = False, init: str = "ordinary", nonlin: str = "tanh"
) -> None:
    """W and b of every layer as `init` names them, one after the other from `generator`; `anew`: also where somebody gave
    others.

    ordinary, paper: W and b uniform in ±1/√fan-in, torch's and torch7's ordinary initialisation. kaiming: W normal with a
    spread of gain/√fan-in (He et al. 2015); xavier: uniform in ±√(6/(fan-in + fan-out)) (Glorot and Bengio 2010); orthogonal:
    W·Wᵀ or Wᵀ·W, of a kernel as a matrix (out, in·k·k), is gain²·1 (Saxe et al. 2014); all three with b = 0. The gain is that
    of `nonlin` (torch.nn.init.calculate_gain) below the readout, and 1 in it.
    """
    for layer in [layer for _, layer in network.layers() if anew or not layer.keeps_weights]:
        if init in ("ordinary", "paper"):
            _draw_ordinary(layer, generator)
        else:
            _draw(init, layer, "linear" if layer is network.readout else nonlin, generator)


def _draw_ordinary(layer: Linear | Conv2d, generator: torch.Generator) -> None:
    bound = 1 / sqrt(fan_in(layer))
    with torch.no_grad():
        layer.weight.uniform_(-bound, bound, generator=generator)
        if layer.bias is not None:
            layer.bias.uniform_(-bound, bound, generator=generator)


def _draw(init: str, layer: Linear | Conv2d, nonlin: Any, generator: torch.Generator) -> None:
    if init == "kaiming":
        nn.init.kaiming_normal_(layer.weight, nonlinearity=nonlin, generator=generator)
    elif init == "xavier":
        nn.init.xavier_uniform_(layer.weight, generator=generator)
    elif init == "orthogonal":
        nn.init.orthogonal_(layer.weight, nn.init.calculate_gain(nonlin), generator=generator)
    else:
        raise ValueError(f"there are no initial weights called {init}")
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def zero_weights(network: Network, but_first: bool = False) -> None:
    """W = b = 0 everywhere (`but_first`: but in the first layer), the paper's initialisation for fa and dfa with tanh
    and sigmoid."""
    with torch.no_grad():
        for _, layer in list(network.layers())[but_first:]:
            layer.weight.zero_()
            if layer.bias is not None:
                layer.bias.zero_()
