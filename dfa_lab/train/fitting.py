"""What can be known before training: settings that do not fit the data set, the network or this machine."""

import os
from math import prod
from pathlib import Path

import torch

from dfa_lab import data, networks, registry
from dfa_lab.config import Experiment, SettingsError
from dfa_lab.device import present
from dfa_lab.wording import allowed, refuse

COPIES = 5  # of the weights: themselves, gradients, up to two of the optimiser, fa's feedback
GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container


def check(experiment: Experiment) -> data.Facts:
    """The facts of the experiment's data set. Raises SettingsError with a sentence for each setting that does not fit."""
    facts = data.facts(experiment.dataset, experiment.classes)
    problems: list[str] = []
    if experiment.device not in ("auto", *present()):  # of a stored experiment, which was checked on another machine
        problems.append(refuse("device", experiment.device, allowed("device")))
    for look in (lambda: networks.check(experiment, facts.shape), lambda: data.check(experiment, facts)):
        try:
            look()
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    _check_memory(experiment, facts)
    return facts


def _check_memory(experiment: Experiment, facts: data.Facts) -> None:
    """Refuse what could not be held: a machine that is out of memory ends other people's experiments too."""
    with torch.device("meta"):  # counted without being held
        blocks = registry.load(networks.KINDS, experiment.network).blocks(experiment, facts.shape)
    sizes = [p.shape for block in blocks for p in block.parameters()]
    weights = 4 * COPIES * len(experiment.runs()) * sum(map(prod, sizes))
    probe = min(experiment.probe_size, facts.train)
    activities = 2 * 4 * max(experiment.batch_size, probe) * _units(experiment, facts.shape)  # of one run at a time
    if weights + activities <= (there := _memory()):
        return
    if activities > weights:
        name = "batch_size" if experiment.batch_size >= probe else "probe_size"
    elif experiment.network == "mlp":
        name = "num_hidden"
    else:
        name = "conv_channels" if 2 * sum(prod(s) for s in sizes if len(s) == 4) > sum(map(prod, sizes)) else "conv_hidden"
    less = f"less, or fewer layers, rules or seeds (this machine has {_gib(there)}, it would take {_gib(weights + activities)})"
    raise SettingsError([refuse(name, getattr(experiment, name), less)])


def _units(experiment: Experiment, shape: tuple[int, ...]) -> int:
    """Whose activities a backward pass keeps for each sample, at least: of a conv network, those of the first maps."""
    if experiment.network == "mlp":
        return experiment.num_layers * experiment.num_hidden
    return 2 * experiment.conv_channels[0] * prod(shape[1:])


def _gib(size: int) -> str:
    return f"{size / 2**30:.0f} GiB"


def _memory() -> int:
    """Bytes that this machine, or the container, has; where the system does not tell, as if there were plenty."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        there = 2**60
    try:
        return min(there, int(GROUP_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or "max": no limit
        return there
