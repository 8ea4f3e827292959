"""Find the rules, networks and data sets by their files: to add one is to add one file."""

import importlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType


@cache
def names(package: str, first: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Names of the modules of `package`, "dfa_lab.feedback.rules" say: `first`, then the others sorted.

    Nothing is imported to find them.
    """
    found = {file.stem for file in _folder(package).glob("*.py") if not file.stem.startswith("_")}
    return tuple(name for name in first if name in found) + tuple(sorted(found - set(first)))


@cache
def defining(package: str, function: str) -> tuple[str, ...]:
    """Names of the modules of `package` whose files define this function at their top level, sorted.

    Nothing is imported to find them.
    """
    texts = {name: (_folder(package) / f"{name}.py").read_text(encoding="utf-8") for name in names(package)}
    return tuple(sorted(name for name, text in texts.items() if re.search(rf"^def {function}\(", text, re.MULTILINE)))


def _folder(package: str) -> Path:
    return Path(__file__).parent.joinpath(*package.split(".")[1:])


def load(package: str, name: str) -> ModuleType:
    """The module `name` of `package`.

    Raises KeyError if there is no such file.
    """
    if name not in names(package):
        raise KeyError(name)
    return importlib.import_module(f"{package}.{name}")
