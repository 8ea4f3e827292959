"""An experiment as the store holds it, and how it is read from its row."""

import json
import platform
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import metadata
from typing import Any

from pydantic import ValidationError

from dfa_lab.records import REVISION
from dfa_lab.runs.store.known_wrong import REVISION_OF
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import as_stored

# that every row is made with
COLUMNS = "id, settings, versions, title, state, sentence, created, finished, demo, server, owner"
READ = f"{COLUMNS}, name, note, tags, colour, removed"


@dataclass(frozen=True)
class Stored:
    """An experiment as the store holds it."""

    id: str
    experiment: Experiment | None  # None: written by another version, with settings that this one cannot read
    settings: dict[str, Any]  # as written
    versions: dict[str, str]  # of Python and the packages that trained it, and the revision of what its values mean
    title: str
    state: str  # one of ACTIVE (server.py), or finished, stopped, failed, interrupted
    sentence: str  # why it is in this state
    created: float  # seconds since 1970
    finished: float | None  # None: active, or interrupted at an unknown time
    demo: bool
    server: str
    owner: str = ""  # id of the visitor who began it; empty: whoever keeps the server
    name: str = ""  # the last five are a person's
    note: str = ""
    tags: tuple[str, ...] = ()
    colour: str = ""  # "#rrggbb", or empty
    removed: float | None = None  # seconds since 1970; None: not removed


def stored(row: tuple[Any, ...]) -> Stored:
    """The experiment of a row of READ."""
    id, settings, versions, title, state, sentence, created, finished, demo, server, owner, *said = row
    name, note, tags, colour, removed = said
    given = _object(settings)
    return Stored(
        id=id,
        experiment=_experiment(settings) if given else None,
        settings=given,
        versions=_object(versions),
        title=title,
        state=state,
        sentence=sentence,
        created=created,
        finished=finished,
        demo=bool(demo),
        server=server,
        owner=owner,
        name=name,
        note=note,
        tags=_tags(tags),
        colour=colour,
        removed=removed,
    )


@cache
def versions() -> str:
    """JSON of what trains and measures here."""
    found = {"python": platform.python_version(), REVISION_OF: str(REVISION)}
    for package in ("dfa-lab", "torch", "torchvision", "scikit-learn"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return json.dumps(found)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _tags(text: str) -> tuple[str, ...]:
    try:
        found = json.loads(text)
    except ValueError:
        return ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


@lru_cache(4096)  # a list of a thousand is read again and again, and an Experiment cannot be changed
def _experiment(settings: str) -> Experiment | None:
    given = _object(settings)
    try:
        # What was trained on a device that this machine lacks is as readable as the rest.
        read = Experiment.model_validate({**as_stored(given), "device": "auto"})
    except ValidationError:
        return None
    return read.model_copy(update={"device": str(given.get("device", "auto"))})
