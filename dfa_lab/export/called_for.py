"""What an experiment's settings call for, held against the tensors in somebody else's zip before they are unpacked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import IO

from dfa_lab import data, networks
from dfa_lab.export import layout
from dfa_lab.networks import Network
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.wording import shown

LONGEST_HEAD = 16 * 2**20  # bytes of the list of tensors at the beginning of a safetensors file
FEW = 4096  # entries of sums and counts, beside the outputs of batches that are not summed yet
FEEDBACK = 4  # times what a rule's matrices hold for one error of every unit, at most: a mask and a copy
GROUPS = ("network", "rule", "optimizer", "clean", "moved")

Shapes = dict[str, tuple[int, ...]]


class StrangeTensor(Exception):
    """A tensor that the network does not have; the text says which, as the end of a sentence."""


@dataclass(frozen=True)
class CalledFor:
    """`network`: shapes by name; `parameters`: how many of them are trained; `rule`: entries that a rule may hold, `seen` that
    the tallies of an epoch may."""

    network: Shapes
    shapes: frozenset[tuple[int, ...]]
    parameters: int
    rule: int
    seen: int
    runs: int

    def check(self, name: str, tensors: Shapes) -> None:
        """Raises StrangeTensor for a file of this name that holds a tensor which no run has. Values are not looked at."""
        state = name == layout.STATE
        held: dict[str, int] = {}
        for tensor, shape in tensors.items():
            run, rest = tensor.split(".", 1) if state and "." in tensor else ("0", tensor)
            group, _, inner = rest.partition(".")
            known = run.isascii() and run.isdecimal() and len(run) < 4 and int(run) < self.runs and group in GROUPS
            key = f"{run}.{group}"
            held[key] = held.get(key, 0) + prod(shape)
            if not known or not self._has(group, inner, shape) or (group == "rule" and held[key] > self.rule):
                raise StrangeTensor(f"the tensor {shown(tensor, 80)} of {prod(shape):,} numbers")

    def _has(self, group: str, name: str, shape: tuple[int, ...]) -> bool:
        if group == "network":
            weight = self.network.get(name.removesuffix("feedback") + "weight") if name.endswith("feedback") else None
            return shape == self.network.get(name) or (weight is not None and prod(shape) == prod(weight))
        if group == "optimizer":
            number, _, kept = name.partition(".")
            right = number.isascii() and number.isdecimal() and len(number) < 8 and int(number) < self.parameters
            return right and len(kept) < 40 and (not shape or shape in self.shapes)
        return group == "rule" or prod(shape) <= self.seen


def called_for(experiment: Experiment) -> CalledFor | None:
    """None for a network of a person's own, whose file is not run for this. Raises SettingsError."""
    if experiment.network_file:
        return None

    def look(network: Network) -> tuple[Shapes, list[tuple[int, ...]]]:
        held = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
        return held, [tuple(one.shape) for one in network.parameters()]

    try:
        facts = data.facts_of(experiment)
        held, trained = networks.tried(experiment, facts, look)
        units = networks.held(experiment, facts)
    except KeyError as error:  # a data set that this lab does not know: the settings' own checks say so
        raise SettingsError([f"the data set {shown(experiment.dataset)} is not known here."]) from error
    rule = FEEDBACK * max(facts.classes * units, sum(map(prod, trained)))
    seen = FEW + (facts.train + experiment.batch_size) * facts.classes
    return CalledFor(held, frozenset(trained), len(trained), rule, seen, len(experiment.runs()))


def tensors(file: IO[bytes]) -> Shapes | None:
    """The shapes that a safetensors file claims; None if its beginning is not that of one."""
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= LONGEST_HEAD:
        return None
    try:
        head = json.loads(file.read(length))
        told = {name: about["shape"] for name, about in head.items() if name != "__metadata__"}
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
    return {name: tuple(shape) for name, shape in told.items()} if _are_shapes(told) else None


def _are_shapes(told: Mapping[str, object]) -> bool:
    return all(isinstance(one, list) and all(type(n) is int and 0 <= n < 2**40 for n in one) for one in told.values())
