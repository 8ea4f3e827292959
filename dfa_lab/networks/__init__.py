"""Networks: `build` makes the one an experiment asks for, a kind of the lab or one of a person's own file."""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from math import prod
from typing import TypeVar

import torch
from torch import nn

from dfa_lab import registry
from dfa_lab.data import Facts
from dfa_lab.networks import own_file
from dfa_lab.networks.initial_weights import draw_weights, fan_in, zero_weights
from dfa_lab.networks.network import Network
from dfa_lab.networks.repeating import first_other
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.network_settings import KINDS, USED

T = TypeVar("T")
SMALL = 1_000_000  # entries of a network file's network that is held to be looked at


def check(experiment: Experiment, shape: tuple[int, ...]) -> None:
    """Raises SettingsError if the experiment's network cannot take inputs of this shape."""
    kind = own_file if experiment.network_file else registry.load(KINDS, experiment.network)
    kind.check(experiment, shape)


def blocks(experiment: Experiment, shape: tuple[int, ...], seed: int = 0) -> list[nn.Module]:
    """The hidden blocks; the weights of their layers are still to be drawn. Raises SettingsError."""
    if experiment.network_file:
        return own_file.blocks(experiment, shape, seed)
    return registry.load(KINDS, experiment.network).blocks(experiment, shape)


def build(experiment: Experiment, shape: tuple[int, ...], classes: int, seed: int) -> Network:
    """The network with the initial weights that `init` names (of `paper` those before a rule's are zeroed), the same for every
    rule of a seed.

    Raises SettingsError if it cannot take inputs of this shape.
    """
    check(experiment, shape)
    network = _as_built(experiment, shape, classes, seed)
    draw_weights(network, generator(seed, "weights"), experiment.redraw, experiment.init, experiment.nonlin)
    return network


def _as_built(experiment: Experiment, shape: tuple[int, ...], classes: int, seed: int, samples: int = 1) -> Network:
    """The network before its weights are drawn."""
    return Network(blocks(experiment, shape, seed), shape, classes, seed if experiment.network_file else None, samples)


def outline(experiment: Experiment, shape: tuple[int, ...]) -> list[nn.Module]:
    """The hidden blocks, to count what they would hold. Raises SettingsError."""
    return unheld(experiment, shape, lambda: blocks(experiment, shape))


def tried(experiment: Experiment, facts: Facts, look: Callable[[Network], T]) -> T:
    """`look(network)`, of one that holds no weights where it can do without. Raises SettingsError, and what `look` does."""
    made = partial(_as_built, experiment, facts.shape, facts.classes, experiment.seeds[0])
    return unheld(experiment, facts.shape, lambda: look(made()))


def check_repeats(experiment: Experiment, facts: Facts) -> None:
    """Raises SettingsError for a network file of which the same seed gives one network now and another one later, where that
    can be found out in milliseconds."""
    if experiment.network_file and own_file.check(experiment, facts.shape) <= own_file.LIGHT:
        text = own_file.find(experiment).read_bytes()
        if number := _first_other(experiment, facts, text):  # type: ignore[arg-type]  # it is frozen
            raise own_file.unrepeatable(experiment, number)


@lru_cache(64)  # a form is drawn again and again, and then its experiment started
def _first_other(experiment: Experiment, facts: Facts, text: bytes) -> int:
    """`text` of the network's file: another one is another network."""
    with torch.device("cpu"), suppress(Exception):  # what a network raises is said where it is trained
        return first_other(lambda: _as_built(experiment, facts.shape, facts.classes, experiment.seeds[0]), facts.shape)
    return 0


def unheld(experiment: Experiment, shape: tuple[int, ...], look: Callable[[], T]) -> T:
    """`look()` where tensors have shapes and hold nothing. A network file that needs their values gets them, and so does one
    whose network is small: torch follows shapes alone many times slower than it computes so few numbers."""
    if experiment.network_file and own_file.check(experiment, shape) <= SMALL:
        with torch.device("cpu"):
            return look()
    try:
        with torch.device("meta"):
            return look()
    except Exception as error:
        if not experiment.network_file or "meta" not in str(error).lower():
            raise
    with torch.device("cpu"):
        return look()


def hollow(experiment: Experiment, facts: Facts, look: Callable[[Network], T]) -> T:
    """`look(network)`, of one whose weights are neither written nor read. Raises SettingsError, for a network file."""

    def made(samples: int = 1) -> T:
        return look(_as_built(experiment, facts.shape, facts.classes, experiment.seeds[0], samples))

    if experiment.network_file:
        check(experiment, facts.shape)
    else:
        # Weights that are neither written nor read take no memory either, on most systems. On the device "meta" the first
        # tanh imports torch's compiler, which takes seconds.
        with suppress(RuntimeError):  # there is not room for them, should they be used
            return made(samples=0)
    return unheld(experiment, facts.shape, made)


def units(experiment: Experiment, facts: Facts) -> tuple[int, ...]:
    """n_l of every hidden block, without holding the network. Raises SettingsError, for a network file."""
    return hollow(experiment, facts, lambda network: tuple(map(prod, network.shapes)))


def multiplications(experiment: Experiment, facts: Facts) -> tuple[int, ...]:
    """Multiplications in every weighted layer for one sample forward, without holding the network. Raises SettingsError."""
    check(experiment, facts.shape)
    return hollow(experiment, facts, lambda network: tuple(network.multiplications()))


def parameters(experiment: Experiment, facts: Facts) -> int:
    """Weights and all else that is learnt by one network, without holding it. Raises SettingsError."""
    check(experiment, facts.shape)
    return hollow(experiment, facts, lambda network: sum(p.numel() for p in network.parameters()))


def held(experiment: Experiment, facts: Facts) -> int:
    """Activities that a backward pass keeps for each sample, at least: all units, or what the network's file reckons.

    Raises SettingsError, for a network file.
    """
    own = None if experiment.network_file else getattr(registry.load(KINDS, experiment.network), "held", None)
    return sum(units(experiment, facts)) if own is None else own(experiment, facts.shape)


def largest(experiment: Experiment, made: list[nn.Module]) -> str:
    """The setting that makes most of the weights in the blocks of `made`: "network" itself if it declares no widths."""
    uses = USED.get(experiment.network, ())
    sizes = [p.shape for block in made for p in block.parameters()]
    convolved = 2 * sum(prod(size) for size in sizes if len(size) == 4) > sum(map(prod, sizes))
    widths = ("conv_channels", "conv_hidden", "num_hidden") if convolved else ("conv_hidden", "num_hidden", "conv_channels")
    return next((name for name in widths if name in uses), "network")


__all__ = [
    "Network",
    "blocks",
    "build",
    "check",
    "check_repeats",
    "draw_weights",
    "fan_in",
    "held",
    "hollow",
    "largest",
    "outline",
    "own_file",
    "tried",
    "unheld",
    "units",
    "zero_weights",
]
