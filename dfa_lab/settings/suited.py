"""The settings that suit a data set, as its file in data/sets/ declares them: SUITS, by the names of settings.

They are an offer, for the form and for `train --suited`. An Experiment knows nothing of them: whatever is not given is at
its default there, in links, on the command line and in the store.
"""

from collections.abc import Mapping
from typing import Any

from dfa_lab import registry
from dfa_lab.settings.data_settings import SETS
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.knob import several
from dfa_lab.settings.parsing import parse

SUITED: dict[str, dict[str, Any]] = registry.declared(SETS, "SUITS")


def suited(dataset: str, widths: object = None) -> dict[str, Any]:
    """Setting -> value, as an Experiment holds it; nothing for a data set that the defaults suit.

    `widths`: what is given for `num_hidden`. Where it is one number for each layer, it says how many layers there are.
    """
    found = SUITED.get(dataset, {})
    return {name: value for name, value in found.items() if name != "num_layers" or not several(widths)}


def suits(experiment: Experiment) -> bool:
    """Whether it has every setting that its data set declares, and there are any."""
    wanted = suited(experiment.dataset)
    return bool(wanted) and all(getattr(experiment, name) == value for name, value in wanted.items())


def beside(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that suit the data set of those given, without what is given itself."""
    try:
        dataset = parse({"dataset": given["dataset"]} if "dataset" in given else {}).dataset
    except SettingsError:
        return {}  # refused in words where all that is given is parsed
    return {name: value for name, value in suited(dataset, given.get("num_hidden")).items() if name not in given}
