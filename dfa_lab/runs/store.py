"""The store: every experiment with its records and events, kept in one SQLite file and there again when it is opened."""

import atexit
import json
import platform
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from dfa_lab.config import Experiment
from dfa_lab.records import Record
from dfa_lab.runs.store_file import Database, Disk, Memory, NewerError, T, Work, choose, explain
from dfa_lab.runs.store_server import ACTIVE, MARKS, Server, mark_interrupted, opening
from dfa_lab.runs.store_writer import Rows, Statement, Writer

COLUMNS = "id, settings, versions, title, state, sentence, created, finished, demo, server"
MINE = f"(server = ? OR state NOT IN ({MARKS}))"  # not an experiment that another server is busy with
OWNED = f"EXISTS (SELECT 1 FROM experiments WHERE id = experiment AND {MINE})"
ROW = "run, metric, layer, value, step, epoch, samples, seconds"  # of Record


@dataclass(frozen=True)
class Stored:
    """An experiment as the store holds it."""

    id: str
    experiment: Experiment | None  # None: written by another version, with settings that this one cannot read
    settings: dict[str, Any]  # as written
    versions: dict[str, str]  # of Python and the packages that trained it
    title: str
    state: str  # one of store_server.ACTIVE, or finished, stopped, failed, interrupted
    sentence: str  # why it is in this state
    created: float  # seconds since 1970
    finished: float | None  # None: active, or interrupted at an unknown time
    demo: bool
    server: str


class Event(NamedTuple):
    """Something that happened to an experiment: started, paused, a knob changed, failed."""

    time: float  # seconds since 1970
    kind: str
    text: str


class Store:
    """What is recorded is committed within a quarter of a second, by a thread of its own.

    Writing calls only queue and never raise because of the disk. Reading calls see everything recorded before them,
    from any thread; while `problem` says that the disk refuses, they see what it holds. No call raises because of it.
    """

    def __init__(self, folder: Path) -> None:
        """Open the store in `folder`, made if missing; if that cannot be, keep runs in memory and say so in `problem`."""
        self.folder = Path(folder)
        self._server = Server()
        self._path = self.folder / "runs.sqlite"
        self._unread = ""
        self._database, self._notice = self._open()
        self._writer = Writer(self._database, self._waiting)
        atexit.register(self.close)

    @property
    def problem(self) -> str:
        """Empty, or why runs are not being kept as they should be, for a person."""
        return self._writer.problem or self._unread or self._notice or self._writer.dropped

    def create(self, id: str, experiment: Experiment, *, demo: bool = False, title: str = "") -> None:
        """Add an experiment, in the state queued; nothing happens if there is one of this id."""
        settings = experiment.model_dump_json()
        values = (id, settings, _versions(), title, "queued", "", time.time(), None, demo, self._server.id)
        self._put(f"INSERT INTO experiments ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING", *values)

    def adopt(self, stored: Stored, records: Sequence[Record], events: Sequence[Event]) -> None:
        """Add an experiment of another store with all it has. There is none of its id, and it is not active.

        `stored.settings` are what is kept of its experiment.
        """
        kept = (json.dumps(stored.settings), json.dumps(stored.versions), stored.title, stored.state, stored.sentence)
        values = (stored.id, *kept, stored.created, stored.finished, stored.demo, self._server.id)
        names = "id, settings, versions, title, state, sentence, created, finished, demo, server"
        add_event = "INSERT INTO events (experiment, time, kind, text) VALUES (?, ?, ?, ?)"
        self._writer.put(
            Statement(f"INSERT INTO experiments ({names}) VALUES (?,?,?,?,?,?,?,?,?,?)", values),
            *(Statement(add_event, (stored.id, *event)) for event in events),
            *([Rows(stored.id, tuple(records))] if records else []),
        )

    def set_state(self, id: str, state: str, sentence: str = "") -> None:
        """Change an experiment's state and make it this server's, unless another live server is busy with it."""
        finished = None if state in ACTIVE else time.time()
        self._put(
            f"UPDATE experiments SET state = ?, sentence = ?, finished = ?, server = ? WHERE id = ? AND {MINE}",
            *(state, sentence, finished, self._server.id, id, self._server.id, *ACTIVE),
        )

    def add_event(self, id: str, kind: str, text: str = "") -> None:
        """Note that something happened to an experiment, now."""
        self._put("INSERT INTO events (experiment, time, kind, text) VALUES (?, ?, ?, ?)", id, time.time(), kind, text)

    def add_records(self, id: str, records: Sequence[Record]) -> None:
        """Append records to an experiment's. NaN comes back as None, as SQLite has no NaN."""
        if records:
            self._writer.put(Rows(id, tuple(records)))

    def delete(self, id: str) -> None:
        """Remove an experiment with all it has, unless another live server is busy with it."""
        gone = "DELETE FROM {} WHERE experiment = ?1 AND NOT EXISTS (SELECT 1 FROM experiments WHERE id = ?1)"
        self._writer.put(
            Statement(f"DELETE FROM experiments WHERE id = ? AND {MINE}", (id, self._server.id, *ACTIVE)),
            Statement(gone.format("records"), (id,)),
            Statement(gone.format("events"), (id,)),
        )

    def cut(self, id: str, step: int) -> None:
        """Remove the records measured after this step: it goes on from there."""
        self._put(f"DELETE FROM records WHERE experiment = ? AND step > ? AND {OWNED}", id, step, self._server.id, *ACTIVE)

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything recorded before the call is committed; False if that took longer than `timeout` seconds."""
        return self._writer.flush(timeout)

    def experiments(self, limit: int = 100, *, offset: int = 0, demos: bool = True) -> list[Stored]:
        """Experiments, newest first; `demos=False`: as if there were no demonstrations."""
        wanted = "" if demos else "WHERE NOT demo"
        sql = f"SELECT {COLUMNS} FROM experiments {wanted} ORDER BY created DESC, number DESC LIMIT ? OFFSET ?"
        return [_stored(row) for row in self._rows(sql, limit, offset)]

    def titled(self, beginning: str) -> list[Stored]:
        """The experiments whose titles begin so, newest first."""
        sql = f"SELECT {COLUMNS} FROM experiments WHERE substr(title, 1, ?) = ? ORDER BY created DESC, number DESC"
        return [_stored(row) for row in self._rows(sql, len(beginning), beginning)]

    def busy(self, stored: Stored) -> bool:
        """Whether the experiment was active when it was read, and this server's own."""
        return stored.state in ACTIVE and stored.server == self._server.id

    def get(self, id: str) -> Stored | None:
        """The experiment, or None if there is none of this id."""
        rows = self._rows(f"SELECT {COLUMNS} FROM experiments WHERE id = ?", id)
        return _stored(rows[0]) if rows else None

    def records(self, id: str, since: int = 0) -> list[Record]:
        """An experiment's records in the order they were added, without the first `since`."""
        sql = f"SELECT {ROW} FROM records WHERE experiment = ? AND seq >= ? ORDER BY seq"
        return list(map(Record._make, self._rows(sql, id, since)))

    def newest(self, id: str, metric: str, runs: int) -> dict[int, float | None]:
        """The last value of a metric of the whole network, by run number, of an experiment with that many runs."""
        sql = "SELECT run, value FROM records WHERE experiment = ? AND metric = ? AND layer IS NULL ORDER BY seq DESC LIMIT ?"
        return dict(self._rows(sql, id, metric, runs))

    def last(self, id: str, metric: str, runs: int) -> list[Record]:
        """The last record of a metric of the whole network for each of that many runs, but none of step 0."""
        where = "experiment = ? AND metric = ? AND layer IS NULL AND step > 0"
        found = self._rows(f"SELECT {ROW} FROM records WHERE {where} ORDER BY seq DESC LIMIT ?", id, metric, runs)
        return sorted(map(Record._make, found))

    def count(self, id: str) -> int:
        """How many records an experiment has."""
        rows = self._rows("SELECT coalesce(max(seq) + 1, 0) FROM records WHERE experiment = ?", id)
        return rows[0][0] if rows else 0

    def events(self, id: str) -> list[Event]:
        """What happened to an experiment, oldest first."""
        return list(
            map(Event._make, self._rows("SELECT time, kind, text FROM events WHERE experiment = ? ORDER BY number", id))
        )

    def close(self, timeout: float = 5.0) -> None:
        """Commit what is queued, waiting at most `timeout` seconds where the disk refuses, and let go of the folder."""
        atexit.unregister(self.close)
        self._writer.close(timeout)
        self._database.close()
        self._server.release()

    def _put(self, sql: str, *values: object) -> None:
        self._writer.put(Statement(sql, values))

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return self._read(lambda connection: connection.execute(sql, values).fetchall(), [])

    def _read(self, work: Work[T], otherwise: T) -> T:
        if not self._writer.problem:
            self._writer.flush(1.0)
        try:
            result = self._database.read(work)
        except (sqlite3.Error, OSError) as error:
            self._unread = f"Runs cannot be read: {explain(error, self._path)}"
            return otherwise
        self._unread = ""
        return result

    def _open(self) -> tuple[Database, str]:
        database = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with opening(self.folder):
                self._path, notice = choose(self.folder)
                database = Disk(self._path)
                self._server.claim(self.folder)
                mark_interrupted(self.folder, database, time.time())
            return database, notice
        except (sqlite3.Error, OSError, NotImplementedError, NewerError) as error:
            if database is not None:
                database.close()
            self._server.release()
            return Memory(), f"Runs are not being kept: {explain(error, self._path)} Give another folder with --runs."

    def _waiting(self, error: Exception) -> str:
        return f"{explain(error, self._path)} What is measured meanwhile waits in memory, and training goes on."


@cache
def _versions() -> str:
    found = {"python": platform.python_version()}
    for package in ("dfa-lab", "torch", "torchvision", "scikit-learn"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return json.dumps(found)


def _stored(row: tuple[Any, ...]) -> Stored:
    id, settings, versions, title, state, sentence, created, finished, demo, server = row
    given = _object(settings)
    return Stored(
        id=id,
        experiment=_experiment(given),
        settings=given,
        versions=_object(versions),
        title=title,
        state=state,
        sentence=sentence,
        created=created,
        finished=finished,
        demo=bool(demo),
        server=server,
    )


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _experiment(settings: dict[str, Any]) -> Experiment | None:
    if not settings:
        return None
    try:
        # What was trained on a device that this machine lacks is as readable as the rest.
        read = Experiment.model_validate({**settings, "device": "auto"})
    except ValidationError:
        return None
    return read.model_copy(update={"device": str(settings.get("device", "auto"))})
