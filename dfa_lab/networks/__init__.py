"""Networks: `build` makes the one an experiment asks for."""

from math import prod

import torch

from dfa_lab import registry
from dfa_lab.config import Experiment
from dfa_lab.data import Facts
from dfa_lab.networks.network import Network, draw_weights, fan_in, zero_weights
from dfa_lab.seeding import generator

KINDS = "dfa_lab.networks.kinds"


def check(experiment: Experiment, shape: tuple[int, ...]) -> None:
    """Raises SettingsError if the experiment's network cannot take inputs of this shape."""
    registry.load(KINDS, experiment.network).check(experiment, shape)


def build(experiment: Experiment, shape: tuple[int, ...], classes: int, seed: int) -> Network:
    """The network with its ordinary initial weights, the same for every rule of a seed.

    Raises SettingsError if it cannot take inputs of this shape.
    """
    check(experiment, shape)
    network = Network(registry.load(KINDS, experiment.network).blocks(experiment, shape), shape, classes)
    draw_weights(network, generator(seed, "weights"))
    return network


def units(experiment: Experiment, facts: Facts) -> tuple[int, ...]:
    """n_l of every hidden block, without holding the network."""
    with torch.device("meta"):
        blocks = registry.load(KINDS, experiment.network).blocks(experiment, facts.shape)
        return tuple(map(prod, Network(blocks, facts.shape, facts.classes).shapes))


__all__ = ["Network", "build", "check", "draw_weights", "fan_in", "units", "zero_weights"]
