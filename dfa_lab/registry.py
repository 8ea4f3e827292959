"""Find the rules, networks and data sets by their files: to add one is to add one file."""

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType


@cache
def names(package: str) -> tuple[str, ...]:
    """Names of the modules of `package`, "dfa_lab.feedback.rules" say, sorted. Nothing is imported to find them."""
    folder = Path(__file__).parent.joinpath(*package.split(".")[1:])
    return tuple(sorted(file.stem for file in folder.glob("*.py") if not file.stem.startswith("_")))


def load(package: str, name: str) -> ModuleType:
    """The module `name` of `package`.

    Raises KeyError if there is no such file.
    """
    if name not in names(package):
        raise KeyError(name)
    return importlib.import_module(f"{package}.{name}")
