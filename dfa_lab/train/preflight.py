"""What can be known before training: settings that do not fit the data set, the network or this machine."""

from math import prod

import torch
from torch import nn

from dfa_lab import data, feedback, networks
from dfa_lab.feedback import path_check
from dfa_lab.machine import memory
from dfa_lab.machine.device import precisions, present, resolve
from dfa_lab.networks import Network
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.wording import allowed, refuse

COPIES = 5  # of the weights: themselves, gradients, up to two of the optimiser, fa's feedback
WATCHED = 2  # and where updates are measured: the weights before the step, and the gradient there


def check(experiment: Experiment) -> data.Facts:
    """The facts of the experiment's data set. Raises SettingsError with a sentence for each setting that does not fit."""
    facts = data.facts_of(experiment)
    problems = _check_device(experiment) + _check_batches(experiment, facts.train)
    for look in (
        lambda: networks.check(experiment, facts.shape),
        lambda: data.check(experiment, facts),
        lambda: feedback.check(experiment),
    ):
        try:
            look()
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    blocks = networks.outline(experiment, facts.shape)
    feedback.check_scales(experiment, len(blocks))
    _check_memory(experiment, facts, blocks)
    networks.check_repeats(experiment, facts)
    path_check.check(experiment, facts)
    _check_single(experiment, facts)
    _check_matrices(experiment, facts)
    return facts


def _check_device(experiment: Experiment) -> list[str]:
    if experiment.device not in ("auto", *present()):  # of a stored experiment, which was checked on another machine
        return [refuse("device", experiment.device, allowed("device"))]
    gpus = sum(name.startswith("cuda:") for name in present())
    if gpus and experiment.device in ("auto", "cuda") and experiment.device_number > gpus:
        return [refuse("device_number", experiment.device_number, f"at most {gpus}, the number of this machine's GPUs")]
    device = resolve(experiment.device, experiment.device_number)
    if experiment.precision not in precisions(device):
        there = f"{' or '.join(precisions(device))}, what the device {device} of this machine has"
        return [refuse("precision", experiment.precision, there)]
    return []


def _check_batches(experiment: Experiment, train: int) -> list[str]:
    """A single sample has no variance."""
    if not experiment.network_file and experiment.batchnorm == 1 and _single(experiment, train):
        other = "another one, since a batch of one sample, the last of each epoch, cannot be normalised (--batchnorm)"
        return [refuse("batch_size", experiment.batch_size, other)]
    return []


def _single(experiment: Experiment, train: int) -> bool:
    """Whether a batch of a single sample will come."""
    return 1 in (experiment.batch_size, 0 if experiment.drop_last else train % experiment.batch_size)


def _check_single(experiment: Experiment, facts: data.Facts) -> None:
    """A network of one's own that normalises batches is found out by what it does with a single sample."""
    if not experiment.network_file or not _single(experiment, facts.train):
        return

    def look(network: Network) -> None:
        network.mode(training=True)
        network(torch.zeros(1, *facts.shape))

    try:
        networks.tried(experiment, facts, look)
    except SettingsError:
        raise
    except Exception as error:
        why = str(error).splitlines()[0].strip(". ") if str(error) else type(error).__name__
        cannot = f"{experiment.network} cannot be trained on a batch of one sample, the last of each epoch"
        other = f"another one, since {cannot} ({why})"
        raise SettingsError([refuse("batch_size", experiment.batch_size, other)]) from None


def _check_matrices(experiment: Experiment, facts: data.Facts) -> None:
    """Each network of the lab has a hidden dense layer; one of a person's own may have none, and muon has no work then."""
    if not experiment.network_file or experiment.optimizer != "muon":
        return
    if not networks.tried(experiment, facts, Network.hidden_matrices):
        other = f"adamw, since {experiment.network} has no hidden dense layer that could be trained"
        raise SettingsError([refuse("optimizer", "muon", other)])


def needed(experiment: Experiment, facts: data.Facts) -> int:
    """Bytes that its networks and what they compute take at most, without its data. Raises SettingsError."""
    return sum(_sizes(experiment, facts, networks.outline(experiment, facts.shape)))


def _sizes(experiment: Experiment, facts: data.Facts, blocks: list[nn.Module]) -> tuple[int, int]:
    """Bytes of the weights with all that is as large as they are, and of the activities."""
    shapes = [p.shape for block in blocks for p in block.parameters()]
    copies = COPIES + (WATCHED if "update" in experiment.measures else 0)
    weights = 4 * copies * len(experiment.runs()) * sum(map(prod, shapes))
    probe = min(experiment.probe_size, facts.train)
    return weights, 2 * 4 * max(experiment.batch_size, probe) * networks.held(experiment, facts)  # of one run at a time


def _check_memory(experiment: Experiment, facts: data.Facts, blocks: list[nn.Module]) -> None:
    """Refuse what could not be held: a machine that is out of memory ends other people's experiments too."""
    weights, activities = _sizes(experiment, facts, blocks)
    if weights + activities <= (there := memory.available()):
        return
    probe = min(experiment.probe_size, facts.train)
    if activities > weights:
        name = "batch_size" if experiment.batch_size >= probe else "probe_size"
    else:
        name = networks.largest(experiment, blocks)
    taken = f"this machine has {memory.gib(there)}, it would take {memory.gib(weights + activities)}"
    less = f"less, or fewer layers, rules or seeds ({taken})"
    raise SettingsError([refuse(name, getattr(experiment, name), less)])
