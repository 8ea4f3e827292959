"""Find the rules, networks and data sets by their files: to add one is to add one file."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def names(package: str) -> tuple[str, ...]:
    """Names of the modules of `package` (dotted), sorted; nothing in them is imported."""
    path = importlib.import_module(package).__path__
    return tuple(sorted(module.name for module in pkgutil.iter_modules(path) if not module.name.startswith("_")))


def load(package: str, name: str) -> ModuleType:
    """The module `name` of `package`.

    Raises KeyError if there is no such file.
    """
    if name not in names(package):
        raise KeyError(name)
    return importlib.import_module(f"{package}.{name}")
