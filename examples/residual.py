"""A residual network, as an example of a network file: python -m dfa_lab train --network examples/residual.py

The lab asks for `blocks`: a list of torch modules, each of which takes what the one before it gives. Every block
receives feedback at its output (under dfa through a random matrix of its own), and the lab adds the readout.
"""

from math import prod

from torch import Tensor, nn


class Residual(nn.Module):
    """h -> h + W₂ relu(W₁ norm(h)), of `units` units."""

    def __init__(self, units: int):
        super().__init__()
        self.change = nn.Sequential(nn.LayerNorm(units), nn.Linear(units, units), nn.ReLU(), nn.Linear(units, units))

    def forward(self, h: Tensor) -> Tensor:
        return h + self.change(h)


def check(experiment, shape: tuple[int, ...]) -> None:
    """The lab asks first. What is raised here becomes a sentence for whoever gave the settings."""
    if not isinstance(experiment.num_hidden, int):
        raise ValueError("h and what is added to it are as wide: give one num_hidden for all blocks")


def blocks(experiment, shape: tuple[int, ...]) -> list[nn.Module]:
    """`experiment`: every setting, by its name; `shape`: of one input, (1, 8, 8) for digits."""
    units = experiment.num_hidden
    first = nn.Sequential(nn.Flatten(), nn.Linear(prod(shape), units), nn.ReLU())
    return [first, *(Residual(units) for _ in range(experiment.num_layers))]
