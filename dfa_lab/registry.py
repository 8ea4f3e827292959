"""Find the rules, networks and data sets by their files: to add one is to add one file."""

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType


@cache
def names(package: str, first: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the modules of `package`, "dfa_lab.feedback.rules" say: `first`, then the others sorted.

    Nothing is imported to find them.
    """
    folder = Path(__file__).parent.joinpath(*package.split(".")[1:])
    found = {file.stem for file in folder.glob("*.py") if not file.stem.startswith("_")}
    return tuple(name for name in first if name in found) + tuple(sorted(found - set(first)))


def load(package: str, name: str) -> ModuleType:
    """The module `name` of `package`.

    Raises KeyError if there is no such file.
    """
    if name not in names(package):
        raise KeyError(name)
    return importlib.import_module(f"{package}.{name}")
