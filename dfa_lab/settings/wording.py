"""How settings are named and refused in words, from the fields of Experiment: the same sentence everywhere."""

import re
from collections.abc import Sequence
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from dfa_lab.settings.experiment import Experiment, extra


def title(name: str) -> str:
    """A setting's label in the form: its title, and its unit where the title does not say it."""
    field = extra(Experiment.model_fields[name])
    text, unit = field["title"] or name.replace("_", " ").capitalize(), field["unit"]
    return f"{text} ({unit})" if unit and unit not in text.lower() else text


def in_words(name: str) -> str:
    """A setting's title in the middle of a sentence, without its unit."""
    text = extra(Experiment.model_fields[name])["title"] or name.replace("_", " ") if name in Experiment.model_fields else name
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def spellings(name: str) -> tuple[str, ...]:
    """Every spelling under which a person may give the setting, the reference's flag first."""
    flag = extra(Experiment.model_fields[name])["flag"]
    seen = [flag or name, name, name.replace("_", "-"), flag.replace("_", "-"), flag.lower()]
    seen.append(re.sub("(?<=[a-z])(?=[A-Z])", "-", flag).lower())
    return tuple(dict.fromkeys(s for s in seen if s))


TEXTS = {
    "points": "points as the page and its links write them, or @FILE, which has x,y,class in each line",
    "feedback_scales": "numbers above 0 and at most 1000, one for all hidden blocks or one for each, with commas between them",
    "datapath": "the name of a folder",
    "preproc_folder": "the name of a folder",
    "models_folder": "the name of a folder",
    "load": "none, the name of a saved run, or a file that ends in .safetensors",
    "save": "a name of at most 80 letters, digits, dots, dashes, underscores and spaces that begins with a letter or digit",
}
SPELLINGS = {spelling: name for name in Experiment.model_fields for spelling in spellings(name)}


def allowed(name: str) -> str:
    """What a setting takes, in words, from the field itself: "a whole number from 1 to 50"."""
    field = Experiment.model_fields[name]
    if choices := extra(field)["choices"]:
        several = "one or more, each once, of " if field.annotation is not str else "one of "
        own = ", or the name of a Python file that ends in .py" if name == "network" else ""
        return several + ", ".join(choices) + own
    if name == "device":
        from dfa_lab.machine.device import present

        return "auto or one that this machine has: " + ", ".join(present())
    if name == "seeds":
        return "whole numbers from 0 to 2147483647, each once, with commas between them"
    if field.annotation is bool:
        return "true or false"
    if name in TEXTS:
        return TEXTS[name]
    return _numbers(field.annotation, field.metadata)


def _numbers(kind: Any, metadata: Sequence[Any]) -> str:
    """What a number or a list of them may be: `kind` is int, float, a tuple of numbers, or one alone or several."""
    if get_origin(kind) in (Union, UnionType):
        one, several = map(_annotated, get_args(kind))
        low, high = _bounds(several[1], ("min_length", "max_length")).values()
        return f"{_numbers(*one)}, or {low} to {high} of them with commas between them"
    if get_origin(kind) is tuple:
        low, high = _bounds(metadata, ("min_length", "max_length")).values()
        each = _numbers(*_annotated(get_args(kind)[0])).removeprefix("a ").replace("number", "numbers")
        return f"{low} to {high} {each}, with commas between them"
    bound = _bounds(metadata, ("gt", "ge", "lt", "le"))
    low = f"above {bound['gt']:g}" if "gt" in bound else f"from {bound['ge']}"
    high = f"below {bound['lt']:g}" if "lt" in bound else f"at most {bound['le']}" if "gt" in bound else f"to {bound['le']}"
    joint = " and " if "gt" in bound or "lt" in bound else " "
    return f"a {'whole ' if kind is int else ''}number {low}{joint}{high}"


def _annotated(kind: Any) -> tuple[Any, list[Any]]:
    """Annotated[int, Field(ge=1)] -> int, and what bounds it."""
    kind, *about = get_args(kind)
    return kind, [bound for one in about if isinstance(one, FieldInfo) for bound in one.metadata]


def _bounds(metadata: Sequence[Any], kinds: Sequence[str]) -> dict[str, Any]:
    return {kind: getattr(one, kind) for kind in kinds for one in metadata if hasattr(one, kind)}


def shown(value: object, most: int = 40) -> str:
    """A value as a person gave it, shortened: links can hold anything."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        text = ",".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)
    except ValueError:  # Python refuses to write integers of thousands of digits
        return "a number of thousands of digits"
    if len(text) > most and not _number(text):
        text = text[: most - 1] + "…"
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if _number(text) else repr(text)


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return len(text) <= 24


def label(name: str) -> str:
    """A setting as sentences name it: learning_rate (--LR)."""
    return f"{name} (--{spellings(name)[0]})"


def refuse(name: str, value: object, allowed: str) -> str:
    """The one sentence that refuses a value, the same in page, link and command line."""
    return f"{label(name)} is {shown(value)}: give {allowed}."
