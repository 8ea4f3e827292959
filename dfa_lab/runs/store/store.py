"""The store: every experiment with its records and events, kept in one SQLite file and there again when it is opened."""

import atexit
import json
import re
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dfa_lab.records import Record
from dfa_lab.runs.store.database import Disk, T, Work, explain
from dfa_lab.runs.store.known_wrong import LEFT_OUT, or_gap
from dfa_lab.runs.store.open_database import open_database
from dfa_lab.runs.store.server import ACTIVE, MARKS, Server, mark_interrupted, opening
from dfa_lab.runs.store.stored import COLUMNS, READ, Stored, stored, versions
from dfa_lab.runs.store.writer import Refill, Rows, Statement, Writer
from dfa_lab.settings.experiment import Experiment

if TYPE_CHECKING:
    import pandas as pd

MINE = f"(server = ? OR state NOT IN ({MARKS}))"  # not an experiment that another server is busy with
OWNED = f"EXISTS (SELECT 1 FROM experiments WHERE id = experiment AND {MINE})"
PLACES = ", ".join("?" * len(COLUMNS.split(",")))
ROW = f"run, metric, layer, {or_gap('value')}, step, epoch, samples, seconds"  # of Record


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
        self._server, self._unread = Server(), ""
        self._database, self._path, self._notice = open_database(self.folder, self._server)
        self.cut_off = self._server.found  # what killed servers had been busy with, see there
        self._writer = Writer(self._database, self._waiting)
        atexit.register(self.close)

    @property
    def problem(self) -> str:
        """Empty, or why runs are not being kept as they should be, for a person."""
        return self._writer.problem or self._unread or self._notice or self._writer.dropped

    def create(self, id: str, experiment: Experiment, *, demo: bool = False, title: str = "", owner: str = "") -> None:
        """Add an experiment, in the state queued; nothing happens if there is one of this id."""
        settings = experiment.model_dump_json()
        values = (id, settings, versions(), title, "queued", "", time.time(), None, demo, self._server.id, owner)
        self.put(f"INSERT INTO experiments ({COLUMNS}) VALUES ({PLACES}) ON CONFLICT DO NOTHING", *values)

    def adopt(self, stored: Stored, records: Sequence[Record], events: Sequence[Event]) -> None:
        """Add an experiment of another store with all it has. There is none of its id, and it is not active.

        `stored.settings` are what is kept of its experiment.
        """
        kept = (json.dumps(stored.settings), json.dumps(stored.versions), stored.title, stored.state, stored.sentence)
        values = (stored.id, *kept, stored.created, stored.finished, stored.demo, self._server.id, stored.owner)
        add_event = "INSERT INTO events (experiment, time, kind, text) VALUES (?, ?, ?, ?)"
        self._writer.put(
            Statement(f"INSERT INTO experiments ({COLUMNS}) VALUES ({PLACES})", values),
            *(Statement(add_event, (stored.id, *event)) for event in events),
            *([Rows(stored.id, tuple(records))] if records else []),
        )

    def set_state(self, id: str, state: str, sentence: str = "") -> None:
        """Change an experiment's state and make it this server's, unless another live server is busy with it."""
        finished = None if state in ACTIVE else time.time()
        self.put(
            f"UPDATE experiments SET state = ?, sentence = ?, finished = ?, server = ? WHERE id = ? AND {MINE}",
            *(state, sentence, finished, self._server.id, id, self._server.id, *ACTIVE),
        )

    def set_experiment(self, id: str, experiment: Experiment) -> None:
        """Change an experiment's settings: it goes on with others."""
        self.put(
            f"UPDATE experiments SET settings = ? WHERE id = ? AND {MINE}",
            experiment.model_dump_json(),
            id,
            self._server.id,
            *ACTIVE,
        )

    def add_event(self, id: str, kind: str, text: str = "") -> None:
        """Note that something happened to an experiment, now."""
        self.put("INSERT INTO events (experiment, time, kind, text) VALUES (?, ?, ?, ?)", id, time.time(), kind, text)

    def add_records(self, id: str, records: Sequence[Record]) -> None:
        """Append records to an experiment's. NaN comes back as None, as SQLite has no NaN."""
        if records:
            self._writer.put(Rows(id, tuple(records)))

    def update(
        self,
        id: str,
        *,
        name: str | None = None,
        note: str | None = None,
        tags: Iterable[str] | None = None,
        colour: str | None = None,
    ) -> None:
        """Change what a person says about an experiment, unless another live server is busy with it. None: as it is.

        Raises ValueError for a colour that is not "#rrggbb".
        """
        if colour and not re.fullmatch("#[0-9a-fA-F]{6}", colour):
            raise ValueError(f"{colour!r} is no colour: give one as #rrggbb.")
        listed = None if tags is None else json.dumps(list(dict.fromkeys(filter(None, (tag.strip() for tag in tags)))))
        given = {"name": name, "note": note, "tags": listed, "colour": colour}
        if changed := {column: value for column, value in given.items() if value is not None}:
            columns = ", ".join(f"{column} = ?" for column in changed)
            sql = f"UPDATE experiments SET {columns} WHERE id = ? AND {MINE}"
            self.put(sql, *changed.values(), id, self._server.id, *ACTIVE)

    def remove(self, id: str) -> None:
        """Take an experiment off the lists, with all it has still there, unless another live server is busy with it."""
        sql = f"UPDATE experiments SET removed = ? WHERE id = ? AND removed IS NULL AND {MINE}"
        self.put(sql, time.time(), id, self._server.id, *ACTIVE)

    def restore(self, id: str) -> None:
        """Undo `remove`, unless another live server is busy with it."""
        self.put(f"UPDATE experiments SET removed = NULL WHERE id = ? AND {MINE}", id, self._server.id, *ACTIVE)

    def delete(self, id: str) -> None:
        """Remove an experiment with all it has for good, unless another live server is busy with it."""
        gone = "DELETE FROM {} WHERE experiment = ?1 AND NOT EXISTS (SELECT 1 FROM experiments WHERE id = ?1)"
        self._writer.put(
            Statement(f"DELETE FROM experiments WHERE id = ? AND {MINE}", (id, self._server.id, *ACTIVE)),
            Statement(gone.format("records"), (id,)),
            Statement(gone.format("finals"), (id,)),
            Statement(gone.format("events"), (id,)),
        )

    def cut(self, id: str, step: int) -> None:
        """Remove the records measured after this step: it goes on from there."""
        sql = f"DELETE FROM records WHERE experiment = ? AND step > ? AND {OWNED}"
        self._writer.put(Statement(sql, (id, step, self._server.id, *ACTIVE)), Refill(id))

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until everything recorded before the call is committed; False if that took longer than `timeout` seconds."""
        return self._writer.flush(timeout)

    def experiments(self, limit: int = 100, *, offset: int = 0, demos: bool = True, removed: bool = False) -> list[Stored]:
        """Experiments, the last added first, whatever the clock said; those that were removed instead where `removed`.

        `demos=False`: as if there were no demonstrations.
        """
        wanted = f"removed IS {'NOT ' * removed}NULL" + ("" if demos else " AND NOT demo")
        sql = f"SELECT {READ} FROM experiments WHERE {wanted} ORDER BY number DESC LIMIT ? OFFSET ?"
        return [stored(row) for row in self.rows(sql, limit, offset)]

    def titled(self, beginning: str) -> list[Stored]:
        """The experiments whose titles begin so, the last added first, without those that were removed."""
        wanted = "substr(title, 1, ?) = ? AND removed IS NULL"
        sql = f"SELECT {READ} FROM experiments WHERE {wanted} ORDER BY number DESC"
        return [stored(row) for row in self.rows(sql, len(beginning), beginning)]

    def busy(self, stored: Stored) -> bool:
        """Whether the experiment was active when it was read, and this server's own."""
        return stored.state in ACTIVE and stored.server == self._server.id

    def get(self, id: str) -> Stored | None:
        """The experiment, or None if there is none of this id."""
        rows = self.rows(f"SELECT {READ} FROM experiments WHERE id = ?", id)
        return stored(rows[0]) if rows else None

    def records(self, id: str, since: int = 0) -> list[Record]:
        """An experiment's records in the order they were added, without the first `since`."""
        sql = f"SELECT {ROW} FROM records WHERE experiment = ? AND seq >= ? ORDER BY seq"
        return list(map(Record._make, self.rows(sql, id, since)))

    def last(self, id: str, metric: str, runs: int) -> list[Record]:
        """The last record of a metric of the whole network for each of that many runs, but none of step 0."""
        where = "experiment = ? AND metric = ? AND layer IS NULL AND step > 0"
        found = self.rows(f"SELECT {ROW} FROM records WHERE {where} ORDER BY seq DESC LIMIT ?", id, metric, runs)
        return sorted(map(Record._make, found))

    def finals(self, ids: Sequence[str]) -> "pd.DataFrame":
        """The last and best values of metrics of the whole network: experiment, run, metric, value, step, best, best_step, and
        `wrong`, whether one of them is known to be and left out."""
        from dfa_lab.runs.store import value_tables  # it needs pandas, which others need not wait for

        return self._read(lambda connection: value_tables.finals(connection, ids), value_tables.no_finals())

    def curves(self, ids: Sequence[str], metric: str, points: int, layer: int | None = None) -> "pd.DataFrame":
        """A metric's course, for each run of these experiments in at most `points` rows that keep its shape and extremes.

        Columns: experiment, run, step, epoch, samples, seconds, value (NaN: not defined there).
        """
        from dfa_lab.runs.store import value_tables

        return self._read(
            lambda connection: value_tables.curves(connection, ids, metric, points, layer), value_tables.no_curves()
        )

    def left_out(self, ids: Sequence[str]) -> list[str]:
        """The ids of experiments of which values are left out, as they are known to be wrong (known_wrong.py)."""
        return [id for (id,) in self.rows(LEFT_OUT, json.dumps(list(ids)))]

    def measured(self, ids: Sequence[str]) -> list[tuple[str, int | None]]:
        """(metric, layer or None) of what was measured in any of these experiments, in alphabetical order."""
        from dfa_lab.runs.store import value_tables

        return self._read(lambda connection: value_tables.measured(connection, ids), [])

    def count(self, id: str) -> int:
        """How many records an experiment has."""
        rows = self.rows("SELECT coalesce(max(seq) + 1, 0) FROM records WHERE experiment = ?", id)
        return rows[0][0] if rows else 0

    def kept(self, owner: str) -> int:
        """How many experiments a visitor has, without those that were removed."""
        rows = self.rows("SELECT count(*) FROM experiments WHERE owner = ? AND removed IS NULL AND NOT demo", owner)
        return rows[0][0] if rows else 0

    def metrics(self) -> list[str]:
        """The metrics that have last values in any experiment."""
        return [metric for (metric,) in self.rows("SELECT DISTINCT metric FROM finals ORDER BY metric")]

    def counts(self) -> dict[str, int]:
        """How many records each experiment has, removed ones too."""
        count = "SELECT coalesce(max(seq) + 1, 0) FROM records WHERE experiment = id"
        return dict(self.rows(f"SELECT id, ({count}) FROM experiments"))

    def events(self, id: str) -> list[Event]:
        """What happened to an experiment, oldest first."""
        return list(map(Event._make, self.rows("SELECT time, kind, text FROM events WHERE experiment = ? ORDER BY number", id)))

    def events_of(self, kind: str) -> dict[str, list[Event]]:
        """The events of a kind, by experiment, oldest first."""
        found: dict[str, list[Event]] = {}
        for id, *event in self.rows("SELECT experiment, time, kind, text FROM events WHERE kind = ? ORDER BY number", kind):
            found.setdefault(id, []).append(Event._make(event))
        return found

    def notice_the_dead(self) -> None:
        """Mark what servers were busy with that have been killed since this store was opened."""
        if isinstance(self._database, Disk) and not self.problem:
            try:
                with opening(self.folder, timeout=0), closing(Disk(self._path)) as database:
                    mark_interrupted(self.folder, database, time.time())
            except (sqlite3.Error, OSError):  # the next call will, or what is recorded says what is wrong
                return

    def compact(self) -> str:
        """Give what removed experiments took back to the disk; why that cannot be, for a person, or nothing.

        It takes about a second for 100 MB; what is recorded meanwhile waits.
        """
        if not isinstance(self._database, Disk):
            return "Runs are kept in memory."
        self.flush()
        try:
            self._database.compact()
        except (sqlite3.Error, OSError) as error:
            return f"The database stays as large as it is: {explain(error, self._path)}"
        return ""

    def close(self, timeout: float = 5.0) -> None:
        """Commit what is queued, waiting at most `timeout` seconds where the disk refuses, and let go of the folder."""
        atexit.unregister(self.close)
        self._writer.close(timeout)
        self._database.close()
        self._server.release()

    def put(self, sql: str, *values: object) -> None:
        """Have a statement done with everything else that is recorded."""
        self._writer.put(Statement(sql, values))

    def rows(self, sql: str, *values: object) -> list[Any]:
        """What a query finds; nothing while the disk refuses."""
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

    def _waiting(self, error: Exception) -> str:
        return f"{explain(error, self._path)} What is measured meanwhile waits in memory, and training goes on."
