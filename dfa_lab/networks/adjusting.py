"""What the settings change in a network that has been built, whoever wrote its blocks."""

import torch
from torch import nn

from dfa_lab.networks.network import Network
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def adjust(network: Network, experiment: Experiment, seed: int) -> None:
    """Take away biases where there shall be none; in exact mode draw the scales of batch norms as torch7 does."""
    if not experiment.bias and not experiment.exact:  # dfa-torch draws them and sets them to zero after every step
        for _, layer in network.layers():
            layer.register_parameter("bias", None)
        for norm in _norms(network):
            norm.bias.requires_grad_(False)  # stays zero
    if experiment.exact:
        stream = generator(seed, "batch norm")
        with torch.no_grad():
            for norm in _norms(network):
                norm.weight.uniform_(0, 1, generator=stream)


def zero_biases(network: Network) -> None:
    """b = 0 in every layer and batch norm, which is what dfa-torch does after every step with bias 0."""
    with torch.no_grad():
        for module in [layer for _, layer in network.layers()] + _norms(network):
            if module.bias is not None:
                module.bias.zero_()


def _norms(network: Network) -> list[nn.BatchNorm1d | nn.BatchNorm2d]:
    return [module for module in network.modules() if isinstance(module, NORMS) and module.affine]
