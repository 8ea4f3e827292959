"""Look data sets up by name; each is one file in `sets`."""

from pathlib import Path
from types import ModuleType

from dfa_lab import registry
from dfa_lab.data.about import Facts

PACKAGE = "dfa_lab.data.sets"


def module(name: str) -> ModuleType:
    """The file of the set: it has `facts(classes)`, `load(folder, download, classes)` and, unless the set is always
    there, `here(folder)`.

    Raises KeyError if no set has this name.
    """
    return registry.load(PACKAGE, name)


def facts(name: str, classes: int = 2) -> Facts:
    """Facts of a set as published; `classes` counts for the sets that are made with any number of classes.

    Raises KeyError if no set has this name.
    """
    return module(name).facts(classes)


def is_here(name: str, folder: Path) -> bool:
    """Whether the set can be read from `folder` without a download; looks for its files and reads none of them.

    Raises KeyError if no set has this name.
    """
    here = getattr(module(name), "here", None)
    return here is None or here(folder)
