"""Look data sets up by name; each is one file in `sets`."""

from pathlib import Path
from types import ModuleType

from dfa_lab import registry
from dfa_lab.data.about import Facts
from dfa_lab.settings.experiment import Experiment

PACKAGE = "dfa_lab.data.sets"


def module(name: str) -> ModuleType:
    """The file of the set: it has `facts(classes)`, `load(folder, download, classes)` and, unless the set is always
    there, `here(folder)`; `first(folder, count)`, if some images can be read without the rest. Its `SETTINGS` name what it
    is made from, which takes the place of the number of classes; its `PLACE` is the one in lists.

    Raises KeyError if no set has this name.
    """
    return registry.load(PACKAGE, name)


def facts(name: str, made_from: int | str | bool | None = None) -> Facts:
    """Facts of a set as published; `made_from` counts for the sets that are made: the number of classes, or what
    `made_from` gives. None: that of the setting's default.

    Raises KeyError if no set has this name.
    """
    return module(name).facts() if made_from is None else module(name).facts(made_from)


def setting_of(name: str) -> str:
    """The setting that a set is made from, or that says which of its parts count; "classes" for those that have none."""
    return getattr(module(name), "SETTINGS", ("classes",))[0]


def made_from(experiment: Experiment) -> int | str | bool:
    """What the experiment's set is made from, if it is made, or which parts of it count."""
    return getattr(experiment, setting_of(experiment.dataset))


def whole(experiment: Experiment) -> Facts:
    """Facts of the experiment's set before anything is held out."""
    return facts(experiment.dataset, made_from(experiment))


def is_here(name: str, folder: Path, made_from: int | str | bool | None = None) -> bool:
    """Whether the set can be read from `folder` without a download; looks for its files and reads none of them.

    `made_from`: as for `facts`. Raises KeyError if no set has this name.
    """
    here = getattr(module(name), "here", None)
    if here is None:
        return True
    return here(folder) if made_from is None or not hasattr(module(name), "SETTINGS") else here(folder, made_from)
