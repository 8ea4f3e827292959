"""conv: 5×5 convolutions with 3/2 max-pooling, then dense layers (Models/conv.lua; Nøkland 2016, CONV).

The widths of the paper, 96/128/256 and 2048/2048, are the defaults; any image size and channel count goes
as long as every pooling has at least a 3×3 map to work on.
"""

from math import prod

from torch import nn

from dfa_lab.networks.layers import NONLINEARITIES, Conv2d, Dropout, Linear
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.wording import refuse

TITLE = "convolutional network"
SETTINGS = ("conv_channels", "conv_hidden", "nonlin", "dropout", "batchnorm")
NARROW = {"conv_channels": (16, 24, 32), "conv_hidden": (128,)}  # widths that a laptop trains, in place of the paper's


def pooled(size: int) -> int:
    """Side of a map after max-pooling 3×3, stride 2, rounded down."""
    return (size - 3) // 2 + 1 if size >= 3 else 0


def check(experiment: Experiment, shape: tuple[int, ...]) -> None:
    """Raises SettingsError for inputs that are no images or too small for the number of poolings."""
    smallest = 1
    for _ in experiment.conv_channels:
        smallest = 2 * (smallest - 1) + 3
    if len(shape) != 3 or min(shape[1:]) < smallest:
        found = f"{shape[1]}×{shape[2]} images" if len(shape) == 3 else "points in the plane"
        wanted = f"mlp for {experiment.dataset}, or a data set of images of {smallest}×{smallest} pixels or more"
        raise SettingsError([refuse("network", "conv", f"{wanted} ({experiment.dataset} has {found})")])


def held(experiment: Experiment, shape: tuple[int, ...]) -> int:
    """Activities that a backward pass keeps for each sample, at least: the first maps, twice."""
    return 2 * experiment.conv_channels[0] * prod(shape[1:])


def blocks(experiment: Experiment, shape: tuple[int, ...]) -> list[nn.Module]:
    """[Conv -> batch norm -> nonlinearity -> dropout -> pool] per convolution, [Linear -> … -> dropout] per dense layer."""
    made: list[nn.Module] = []
    channels, height, width = shape
    for number, channels_out in enumerate(experiment.conv_channels, start=1):
        parts: list[nn.Module] = [Conv2d(channels, channels_out, 5)]
        if number == 1 and experiment.dropout == 1:
            parts.insert(0, Dropout(0.1))
        if experiment.batchnorm == 1 or (experiment.batchnorm == 2 and number == 2):
            parts.append(nn.BatchNorm2d(channels_out, eps=1e-3))
        parts.append(NONLINEARITIES[experiment.nonlin]())
        if experiment.dropout and number <= 2:
            parts.append(Dropout(0.25))
        elif experiment.dropout == 1:
            parts.append(Dropout(0.5))
        made.append(nn.Sequential(*parts, nn.MaxPool2d(3, 2)))
        channels, height, width = channels_out, pooled(height), pooled(width)
    features = prod((channels, height, width))
    for number, features_out in enumerate(experiment.conv_hidden):
        parts = [nn.Flatten()] if number == 0 else []
        parts.append(Linear(features, features_out))
        if experiment.batchnorm == 1:
            parts.append(nn.BatchNorm1d(features_out))
        parts.append(NONLINEARITIES[experiment.nonlin]())
        if experiment.dropout == 1:
            parts.append(Dropout(0.5))
        made.append(nn.Sequential(*parts))
        features = features_out
    return made
