"""mlp: num_layers dense layers of num_hidden units, or of a number for each (Models/mlp.lua)."""

from itertools import pairwise
from math import prod

from torch import nn

from dfa_lab.networks.layers import NONLINEARITIES, Dropout, Linear
from dfa_lab.settings.experiment import Experiment

PLACE = 1
TITLE = "multilayer perceptron"
SETTINGS = ("num_layers", "num_hidden", "nonlin", "dropout", "batchnorm")


def widths(experiment: Experiment) -> list[int]:
    """Units of every hidden layer, from the input on."""
    units, layers = experiment.num_hidden, experiment.num_layers
    return [units] * layers if isinstance(units, int) else list(units)


def check(experiment: Experiment, shape: tuple[int, ...]) -> None:
    """Every input fits."""


def held(experiment: Experiment, shape: tuple[int, ...]) -> int:
    """Activities that a backward pass keeps for each sample, at least."""
    return sum(widths(experiment))


def blocks(experiment: Experiment, shape: tuple[int, ...]) -> list[nn.Module]:
    """[Linear -> batch norm -> nonlinearity -> dropout] per hidden layer, on the flattened input."""
    made: list[nn.Module] = []
    for wide_in, wide_out in pairwise([prod(shape), *widths(experiment)]):
        parts: list[nn.Module] = [Linear(wide_in, wide_out)]
        if not made:
            parts = [nn.Flatten(), *([Dropout(0.1)] if experiment.dropout else []), *parts]
        if experiment.batchnorm == 1:
            parts.append(nn.BatchNorm1d(wide_out))
        parts.append(NONLINEARITIES[experiment.nonlin]())
        if experiment.dropout == 1:
            parts.append(Dropout(0.5))
        made.append(nn.Sequential(*parts))
    return made
