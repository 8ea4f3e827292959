"""knob: one setting, declared once. Everything that is shown or said about it is derived from this."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic.fields import FieldInfo

MOST_LAYERS = 200


def _split(value: object) -> object:
    """ "1,2" -> ("1", "2"): lists are written with commas on the command line and in links."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return (value,) if isinstance(value, int | float) else value


def _one_alone(value: object) -> object:
    """ "100" and [100] -> what stands in them alone; "500,300" -> ("500", "300")."""
    parts = _split(value)
    return parts[0] if isinstance(parts, (tuple, list)) and len(parts) == 1 else parts


def several(value: object) -> bool:
    """Whether a value, as a person gave it, lists more than one."""
    parts = _split(value)
    return isinstance(parts, (tuple, list)) and len(parts) > 1


def _names(value: object) -> object:
    parts = _split(value)
    return tuple(p.lower() if isinstance(p, str) else p for p in parts) if isinstance(parts, tuple) else parts


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Seeds = Annotated[tuple[Seed, ...], BeforeValidator(_split)]
Width = Annotated[int, Field(ge=1, le=10_000)]
Widths = Annotated[tuple[Width, ...], BeforeValidator(_split)]
# One number stays a number, as it was before there could be several: in stored runs, in JSON, and for files that read it.
WidthOrWidths = Annotated[
    Width | Annotated[tuple[Width, ...], Field(min_length=2, max_length=MOST_LAYERS)], BeforeValidator(_one_alone)
]
Scale = Annotated[float, Field(gt=0, le=1000)]
Scales = Annotated[tuple[Scale, ...], BeforeValidator(_split)]


def knob(
    default: Any,
    help: str,
    *,
    group: str,
    title: str = "",
    flag: str = "",
    unit: str = "",
    choices: Iterable[str] = (),
    words: Mapping[str, str] | None = None,
    steps: tuple[int, ...] = (),
    when: dict[str, tuple[str, ...]] | None = None,
    switch: bool = False,
    local: bool = False,
    play: int = 0,
    basic: bool = False,
    midway: bool = False,
    not_here: dict[str, str] | None = None,
    **bounds: Any,
) -> Any:
    """One setting. `title`: its label in the form; `flag`: dfa-torch's spelling where it differs from the field's name;
    `words`: values that are short for something, each with what it is in full, which the form shows;
    `steps`: the first digits of the round numbers through which buttons take it, 1, 2, 5 for 1, 2, 5, 10, 20, …;
    `when`: it has an effect only where another setting has one of these values; `switch`: on the command line it takes
    no value, as in dfa-torch; `local`: it is about this machine, its files above all, so a link may not choose it; `play`:
    its place among what one plays with, which begins the form, 0 for what is behind the door; several may share a place,
    and stand there as they are declared; `midway`: a training that has begun can go on with another value (a fork);
    `basic`: among those that the form of a fork shows at first; `not_here`: values that dfa-torch takes and the lab
    refuses, each with the reason."""
    return Field(
        default,
        description=help,
        json_schema_extra={
            "group": group,
            "title": title,
            "flag": flag,
            "unit": unit,
            "choices": list(choices),
            "words": {**(words or {})},
            "steps": list(steps),
            "when": {name: list(values) for name, values in (when or {}).items()},
            "switch": switch,
            "local": local,
            "play": play,
            "basic": basic,
            "midway": midway,
            "not_here": {**(not_here or {})},
        },
        **bounds,
    )


def extra(field: FieldInfo) -> dict[str, Any]:
    """group, title, flag, unit, choices, words, steps, when, switch, local, play, basic, midway and not_here of a field."""
    assert isinstance(field.json_schema_extra, dict)
    return field.json_schema_extra
