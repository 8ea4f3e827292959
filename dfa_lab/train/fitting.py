"""What can be known before training: settings that do not fit the data set, the network or this machine."""

import os
from math import prod

from dfa_lab import data, networks
from dfa_lab.config import Experiment, SettingsError, refuse


def check(experiment: Experiment) -> data.Facts:
    """The facts of the experiment's data set. Raises SettingsError with a sentence for each setting that does not fit."""
    facts = data.facts(experiment.dataset, experiment.classes)
    problems: list[str] = []
    for look in (networks.check, lambda e, _: data.check(e, facts), _check_memory):
        try:
            look(experiment, facts.shape)
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(problems)
    return facts


def _check_memory(experiment: Experiment, shape: tuple[int, ...]) -> None:
    """Refuse networks that could not be held: with weights, gradients and the optimiser's state, four times the weights."""
    if experiment.network != "mlp":
        return
    wide = experiment.num_hidden
    weights = wide * (wide * (experiment.num_layers - 1) + 10 + prod(shape))
    needed = 4 * 4 * weights * len(experiment.runs())
    if needed > (there := _memory()):
        gib = f"{needed / 2**30:.0f} GiB for {experiment.num_layers} layers and {len(experiment.runs())} runs"
        raise SettingsError(
            [refuse("num_hidden", wide, f"less (this machine has {there / 2**30:.0f} GiB, it would take {gib})")]
        )


def _memory() -> int:
    """Bytes of this machine's memory; where the system does not tell, as if there were plenty."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 2**60
