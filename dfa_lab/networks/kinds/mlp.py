"""mlp: num_layers dense layers of num_hidden units (Models/mlp.lua)."""

from itertools import pairwise
from math import prod

from torch import nn

from dfa_lab.config import Experiment
from dfa_lab.networks.layers import NONLINEARITIES, Linear


def check(experiment: Experiment, shape: tuple[int, ...]) -> None:
    """Every input fits."""


def blocks(experiment: Experiment, shape: tuple[int, ...]) -> list[nn.Module]:
    """[Linear -> nonlinearity] per hidden layer, on the flattened input."""
    widths = [prod(shape)] + [experiment.num_hidden] * experiment.num_layers
    nonlinearity = NONLINEARITIES[experiment.nonlin]
    made: list[nn.Module] = [nn.Sequential(Linear(wide_in, wide_out), nonlinearity()) for wide_in, wide_out in pairwise(widths)]
    made[0] = nn.Sequential(nn.Flatten(), *made[0].children())
    return made
