"""Limits: what a shared server gives each visitor and all of them together, each declared once with its bounds.

The page Server has a widget for each, docs/serving.md a row, and what is refused names its limit. Those of one visitor hold for
nobody who keeps the server, and for nobody on a server of one's own.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

MEGABYTE = 10**6
ASK = "or ask whoever keeps this server for more"
FULL = "{} experiments are running or paused on this server, as many as it holds"
OWN_FULL = "you have {} running or paused, as many as one visitor may have here"
TOO_MANY_WAIT = f"{{}} experiments of yours wait already, as many as one visitor may have here: remove one, wait, {ASK}."
TOO_MANY_KEPT = f"You keep {{}} experiments, as many as one visitor may here: remove some on the page Experiments, {ASK}."
TOO_MANY_PAGES = f"You have {{}} pages of this lab open, as many as one visitor may: close one and load this again, {ASK}."


def limit(default: int, help: str, *, title: str, unit: str, each: bool = True, least: int = 1, most: int) -> Any:
    """One limit. `each`: it is one visitor's; else of the server. `least`, `most`: what it may be set to."""
    return Field(default, title=title, description=help, ge=least, le=most, json_schema_extra={"unit": unit, "each": each})


class Limits(BaseModel):
    """What holds unless whoever keeps the server says otherwise: enough for a class that shares one computer."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    places: int = limit(
        64,
        "Experiments that run or are paused at a time, whoever began them. Others wait in a queue.",
        title="In all",
        unit="experiments",
        each=False,
        most=10_000,
    )
    running: int = limit(
        8,
        "Experiments of one visitor that run or are paused at a time. Others of theirs wait.",
        title="Running",
        unit="experiments",
        most=1000,
    )
    waiting: int = limit(
        16, "Experiments of one visitor that wait in the queue.", title="Waiting", unit="experiments", least=0, most=1000
    )
    kept: int = limit(
        500,
        "Experiments of one visitor on the list, running or ended. Nothing is removed by itself: no more begin.",
        title="Kept",
        unit="experiments",
        most=100_000,
    )
    disk: int = limit(
        2000,
        "What the experiments of one visitor take on the disk, removed ones too, snapshots not: those give way by themselves.",
        title="On the disk",
        unit="MB",
        most=10_000_000,
    )
    sessions: int = limit(
        16, "Pages of the lab that one visitor has open: windows and tabs.", title="Open pages", unit="pages", most=1000
    )
    uploads: int = limit(
        4, "Files that one visitor has uploaded and that are not used yet.", title="Uploads", unit="files", most=100
    )
    upload_size: int = limit(400, "What these files take together.", title="Uploads together", unit="MB", most=100_000)


def facts(field: FieldInfo) -> Mapping[str, Any]:
    """least, most, unit and each of a field."""
    assert isinstance(field.json_schema_extra, dict)
    bounds = {name: value for one in field.metadata for name in ("ge", "le") if (value := getattr(one, name, None)) is not None}
    return {"least": bounds["ge"], "most": bounds["le"], **field.json_schema_extra}


def readable(given: Mapping[str, Any]) -> Limits:
    """Limits as they were written down, as far as each still is one; the others are as they are by themselves."""
    good: dict[str, Any] = {}
    for name in given.keys() & Limits.model_fields.keys():
        try:
            Limits(**{name: given[name]})
        except ValidationError:
            continue
        good[name] = given[name]
    return Limits(**good)
