"""Find the rules, networks and data sets by their files: to add one is to add one file.

What must be known of a kind before torch is imported stands in its file as a constant, and is read without running it:
PLACE, its place in every list; TITLE, what its name is short for; SETTINGS, the settings that it alone knows how to use;
SUITS, the values of settings that suit a data set.
"""

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any


@cache
def names(package: str) -> tuple[str, ...]:
    """Names of the modules of `package`, "dfa_lab.feedback.rules" say: those with a PLACE by it, then the others sorted.

    Nothing is imported to find them.
    """
    placed = declared(package, "PLACE")
    return *placed, *sorted(_files(package).keys() - placed.keys())


@cache
def declared(package: str, constant: str) -> dict[str, Any]:
    """Module -> value of this constant, for the modules of `package` that write it down as a literal at their top level.

    In the order of `names`. Nothing is imported to find them. A file that is no Python declares nothing.
    """
    places = _literals(package, "PLACE")
    values = _literals(package, constant)
    return {name: values[name] for name in sorted(values, key=lambda name: (name not in places, places.get(name, 0), name))}


def using(package: str, setting: str) -> tuple[str, ...]:
    """Names of the modules of `package` whose SETTINGS hold this one, in the order of `names`."""
    settings = declared(package, "SETTINGS")
    return tuple(name for name in names(package) if setting in settings.get(name, ()))


@cache
def defining(package: str, function: str) -> tuple[str, ...]:
    """Names of the modules of `package` whose files define this function at their top level, sorted.

    Nothing is imported to find them.
    """
    texts = {name: file.read_text(encoding="utf-8") for name, file in _files(package).items()}
    return tuple(sorted(name for name, text in texts.items() if re.search(rf"^def {function}\(", text, re.MULTILINE)))


def load(package: str, name: str) -> ModuleType:
    """The module `name` of `package`.

    Raises KeyError if there is no such file.
    """
    if name not in names(package):
        raise KeyError(name)
    return importlib.import_module(f"{package}.{name}")


def _files(package: str) -> dict[str, Path]:
    folder = Path(__file__).parent.joinpath(*package.split(".")[1:])
    return {file.stem: file for file in folder.glob("*.py") if not file.stem.startswith("_")}


@cache
def _literals(package: str, constant: str) -> dict[str, Any]:
    values = {name: _literal(file.read_text(encoding="utf-8"), constant) for name, file in _files(package).items()}
    return {name: value for name, value in values.items() if value is not None}


def _literal(text: str, constant: str) -> Any:
    """What the last `constant = …` of a file's top level says; None where there is none or it is no literal."""
    if not re.search(rf"^{constant}\b", text, re.MULTILINE):
        return None
    try:
        lines = ast.parse(text).body
        said = [line.value for line in lines if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == constant]
        return ast.literal_eval(said[-1]) if said else None
    except (SyntaxError, ValueError):
        return None
