"""Import: an exported zip becomes an experiment of this store. Everything is checked before anything is kept."""

import re
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from filelock import FileLock
from safetensors import SafetensorError, safe_open

from dfa_lab.export import layout, records_table
from dfa_lab.export.called_for import CalledFor, called_for
from dfa_lab.export.portable import portable
from dfa_lab.export.unpack import ImportProblem, as_object, unpack
from dfa_lab.runs.archive import IMPORTING
from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.runs.live import ENDED
from dfa_lab.runs.promises import NoMemory, Promises
from dfa_lab.runs.quota import Quota
from dfa_lab.runs.resuming import BY_ITSELF
from dfa_lab.runs.store.store import Event, Store, Stored
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import as_stored, parse
from dfa_lab.settings.wording import shown
from dfa_lab.train import state_file, state_numbers
from dfa_lab.train.checkpoint import CheckpointError

DEVICES = ("auto", "cpu", "cuda", "mps", *(f"cuda:{n}" for n in range(64)))
CSV_COPIES = 12  # bytes of memory for each of the records' table, as numbers and as Records (10 measured)
STATE_COPIES = 2
MOST_EVENTS = 100_000
MOST_TAGS = 1000
LONGEST = 4000  # characters of a text: Python reads no number of more than 4300 digits
LATEST = 2**33  # seconds since 1970


@dataclass(frozen=True)
class Taken:
    """What was imported."""

    id: str
    experiment: Experiment
    notes: tuple[str, ...]  # sentences: what is otherwise than in the zip


def take(
    file: IO[bytes] | Path,
    store: Store,
    checkpoints: Checkpoints,
    owner: str = "",
    quota: Quota | None = None,
    promises: Promises | None = None,
) -> Taken:
    """Import a zip; from now on it belongs to `owner`, whatever it says itself. With `quota`, no more is kept than that allows,
    with `promises` no more memory taken.

    Raises ImportProblem, with a sentence, and then nothing of it was kept.
    """
    try:
        # one at a time: two zips of one id would be added to each other
        with FileLock(store.folder / IMPORTING), tempfile.TemporaryDirectory(prefix="import-", dir=store.folder) as name:
            manifest = unpack(file, Path(name), _called_for, quota.left() if quota else None)
            with promises.kept(_memory(Path(name))) if promises else nullcontext():
                return _take(manifest, Path(name), store, checkpoints, owner)
    except NoMemory as why:
        raise ImportProblem(f"It cannot be read now, since {why}: try again when something has ended.") from why
    except (OSError, SafetensorError) as error:
        raise ImportProblem(f"It could not be kept in {store.folder}: {getattr(error, 'strerror', '') or error}.") from error


def _memory(folder: Path) -> int:
    """Bytes that reading what was unpacked takes at most."""
    state = folder / layout.STATE
    return CSV_COPIES * (folder / layout.CSV).stat().st_size + (STATE_COPIES * state.stat().st_size if state.exists() else 0)


def _take(manifest: Mapping[str, Any], folder: Path, store: Store, checkpoints: Checkpoints, owner: str) -> Taken:
    about = as_object((folder / layout.EXPERIMENT).read_bytes(), layout.EXPERIMENT)
    experiment = _experiment(about.get("settings"))
    try:
        records = records_table.read(folder / layout.CSV, experiment)
    except records_table.TableError as error:
        raise ImportProblem(f"{layout.CSV} in the zip cannot be used: {error}.") from error
    notes: list[str] = []
    state = _state(folder, experiment) if layout.STATE in manifest["files"] else None
    nets = [folder / name for name in manifest["files"] if layout.WEIGHTS.fullmatch(name)]
    for path in nets:
        _check_net(path)
    stored, events = _stored(about, experiment, store, notes)
    if state:
        state[1]["experiment"] = experiment.model_dump(mode="json")
        checkpoints.adopt(stored.id, *state)
    elif nets:
        beside = checkpoints.beside(stored.id)
        beside.mkdir(parents=True)
        for path in nets:
            shutil.copyfile(path, beside / path.name)
        notes.append(f"Its weights are kept in {beside}: they are not all that training needs to go on.")
    store.adopt(replace(stored, owner=owner), records, events)
    store.update(stored.id, name=stored.name, note=stored.note, tags=stored.tags, colour=stored.colour)
    if not store.flush() or store.get(stored.id) is None:
        checkpoints.remove(stored.id)
        store.delete(stored.id)
        raise ImportProblem(f"It was not imported. {store.problem or 'The store did not take it.'}")
    return Taken(stored.id, experiment, tuple(notes))


def _called_for(raw: bytes) -> CalledFor | None:
    experiment = _experiment(as_object(raw, layout.EXPERIMENT).get("settings"))
    try:
        return called_for(experiment)
    except SettingsError as error:
        raise ImportProblem(f"The settings in the zip cannot be used: {error.problems[0]}") from error


def _experiment(settings: object) -> Experiment:
    if not isinstance(settings, dict):
        raise ImportProblem(f"{layout.EXPERIMENT} in the zip has no settings.")
    device = settings.get("device", "auto")
    if device not in DEVICES:
        raise ImportProblem(f"The settings in the zip cannot be used: device is {shown(device)}.")
    try:
        read = parse(
            {**as_stored(settings), "device": "auto"}
        )  # what was trained on a device that this machine lacks is readable
    except SettingsError as error:
        raise ImportProblem(f"The settings in the zip cannot be used: {error.problems[0]}") from error
    return portable(read).model_copy(update={"device": device})


def _state(folder: Path, experiment: Experiment) -> tuple[state_file.Tensors, dict[str, Any]]:
    """(tensors, numbers) to go on from; whether they fit the network is looked at when somebody goes on."""
    try:
        tensors, numbers = state_file.read(folder / layout.STATE)
        state_numbers.check(numbers, len(experiment.runs()))
        theirs = _experiment(numbers["experiment"])
    except (CheckpointError, LookupError, ValueError) as error:
        raise ImportProblem(f"{layout.STATE} in the zip is damaged.") from error
    if theirs != experiment:
        raise ImportProblem(f"{layout.STATE} in the zip is of other settings.")
    return tensors, numbers


def _check_net(path: Path) -> None:
    try:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 (not a dict)
                file.get_slice(name).get_shape()
    except SafetensorError as error:
        raise ImportProblem(f"{path.name} in the zip is no safetensors file, or it is damaged.") from error


def _stored(about: Mapping[str, Any], experiment: Experiment, store: Store, notes: list[str]) -> tuple[Stored, list[Event]]:
    id, title, state, sentence = (_text(about.get(name), name) for name in ("id", "title", "state", "sentence"))
    if not (1 <= len(id) <= 40 and id.isascii() and id.isalnum()):
        raise ImportProblem(f"{layout.EXPERIMENT} in the zip has the id {shown(id)}: letters and digits are expected.")
    if store.get(id) is not None:
        notes.append(f"There is an experiment {id} here already: this one is kept beside it under another id.")
        id = uuid.uuid4().hex[:10]
    if state not in ENDED or state == "interrupted":  # nothing goes on by itself because it was imported
        state, sentence = (
            "stopped",
            f"Imported; it was {'interrupted' if state == 'interrupted' else 'active'} when it was exported.",
        )
    created = _time(about.get("created"), "created")
    finished = None if about.get("finished") is None else _time(about.get("finished"), "finished")
    versions = about.get("versions")
    if not isinstance(versions, dict) or len(versions) > 50:
        raise ImportProblem(f"{layout.EXPERIMENT} in the zip has no versions.")
    known = {_text(name, "versions"): _text(value, "versions") for name, value in versions.items()}
    name, note, colour = (_text(about.get(key, ""), key) for key in ("name", "note", "colour"))
    tags = about.get("tags", [])
    if not isinstance(tags, list) or len(tags) > MOST_TAGS or (colour and not re.fullmatch("#[0-9a-fA-F]{6}", colour)):
        raise ImportProblem(f"{layout.EXPERIMENT} in the zip has tags or a colour that are none.")
    stored = Stored(
        id=id,
        experiment=experiment,
        settings=experiment.model_dump(mode="json"),
        versions=known,
        title="" if title.startswith(BY_ITSELF) else title,  # whose results the page Reproduce would show as its own
        state=state,
        sentence=sentence,
        created=created,
        finished=finished,
        demo=False,
        server="",
        name=name,
        note=note,
        tags=tuple(_text(tag, "tag") for tag in tags),
        colour=colour,
    )
    return stored, _events(about.get("events"))


def _events(given: object) -> list[Event]:
    if not isinstance(given, list) or len(given) > MOST_EVENTS or not all(isinstance(one, dict) for one in given):
        raise ImportProblem(f"{layout.EXPERIMENT} in the zip has no list of events, or an endless one.")
    return [
        Event(_time(one.get("time"), "time"), _text(one.get("kind"), "kind"), _text(one.get("text"), "text")) for one in given
    ]


def _text(value: object, name: str) -> str:
    if isinstance(value, str) and len(value) <= LONGEST:
        try:
            value.encode()
            return value
        except UnicodeEncodeError:
            pass
    raise ImportProblem(f"{layout.EXPERIMENT} in the zip has a {name} that is no text, or an endless one.")


def _time(value: object, name: str) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LATEST:
        return float(value)
    raise ImportProblem(f"{layout.EXPERIMENT} in the zip has a {name} that is no time: {shown(value)}.")
