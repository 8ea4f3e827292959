"""The store's one writer thread: callers queue what is to be written and never wait for the disk."""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NamedTuple

from dfa_lab.records import Record
from dfa_lab.runs.store.database import Database
from dfa_lab.runs.store.finals import Finals, refill

PERIOD = 0.2  # seconds that a batch gathers
RETRY = 1.0  # seconds between attempts while the disk refuses
MOST = 5000  # queued calls in one transaction
ROWS = 500  # records in one INSERT

# What is wrong with these is what was given, not the disk: trying again would hold up the rest of the queue for ever.
UNFIT = (
    TypeError,
    ValueError,
    OverflowError,
    AttributeError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    sqlite3.IntegrityError,
)

log = logging.getLogger(__name__)


class Statement(NamedTuple):
    sql: str
    values: tuple[object, ...]


class Rows(NamedTuple):
    """Records to append to what the experiment has; dropped if it has been deleted."""

    experiment: str
    records: Sequence[Record]


class Refill(NamedTuple):
    """The experiment's records are fewer than before: its last and best values are found anew."""

    experiment: str


Entry = Statement | Rows | Refill


class Writer:
    """Writes what is queued, in order, each batch in one transaction; keeps it queued while that fails."""

    def __init__(self, database: Database, explain: Callable[[Exception], str]) -> None:
        self.problem = ""  # why nothing can be written now
        self.dropped = ""  # why something was not written for good
        self._database = database
        self._explain = explain
        self._queue: deque[Entry] = deque()
        self._changed = threading.Condition()
        self._put = self._done = self._wanted = 0  # entries ever queued, ever written, waited for by `flush`
        self._closing = self._give_up = False
        self._thread = threading.Thread(target=self._run, name="dfa-lab-store", daemon=True)
        self._thread.start()

    def put(self, *entries: Entry) -> None:
        """Queue entries to be written together; nothing is done after `close`."""
        with self._changed:
            if self._closing:
                return
            self._queue.extend(entries)
            self._put += len(entries)
            if len(self._queue) == len(entries):
                self._changed.notify_all()

    def flush(self, timeout: float) -> bool:
        """Wait until everything queued before the call is committed; False if that took longer than `timeout`."""
        with self._changed:
            mine = self._put
            if self._done < mine:
                self._wanted = max(self._wanted, mine)
                self._changed.notify_all()
            return self._changed.wait_for(lambda: self._done >= mine, timeout)

    def close(self, timeout: float) -> None:
        """Write what is queued and end the thread; what cannot be written within `timeout` is given up."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)
        with self._changed:
            self._give_up = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closing)
                self._changed.wait_for(lambda: self._wanted > self._done or self._closing, PERIOD)
                if not self._queue:
                    return
                batch = list(islice(self._queue, MOST))
            try:
                self._write(batch)
            except Exception as error:
                problem = self._explain(error)
                if problem != self.problem:
                    log.warning("%s", problem)
                self.problem = problem
                with self._changed:
                    self._changed.wait_for(lambda: self._give_up, RETRY)
            if self._give_up:
                return

    def _write(self, batch: list[Entry]) -> None:
        try:
            self._commit(batch)
        except UNFIT:
            for entry in batch:
                try:
                    self._commit([entry])
                except UNFIT as error:
                    self.dropped = f"Something could not be kept ({error}): this is a mistake in DFA Lab."
                    log.error("not kept (%r): %s", error, str(entry)[:500])
                    self._forget(1)

    def _commit(self, batch: list[Entry]) -> None:
        self._database.write(lambda connection: apply(connection, batch))
        self._forget(len(batch))

    def _forget(self, entries: int) -> None:
        with self._changed:
            for _ in range(entries):
                self._queue.popleft()
            self._done += entries
            self.problem = ""
            self._changed.notify_all()


def apply(connection: sqlite3.Connection, batch: Sequence[Entry]) -> None:
    """Write a batch, in order. Raises sqlite3.Error, or TypeError or ValueError for values of the wrong type."""
    cells: list[object] = []
    finals = Finals()
    following: dict[str, int | None] = {}
    for entry in batch:
        if not isinstance(entry, Rows):
            _insert(connection, cells)
            finals.write(connection)
            cells, following = [], {}
            if isinstance(entry, Refill):
                refill(connection, entry.experiment)
            else:
                connection.execute(entry.sql, entry.values)
            continue
        name = entry.experiment
        if name not in following:
            following[name] = _next(connection, name)
        seq = following[name]
        if seq is not None:
            for i, r in enumerate(entry.records):
                cells += (name, seq + i, int(r.run), r.metric, None if r.layer is None else int(r.layer))
                cells += (
                    None if r.value is None else float(r.value),
                    int(r.step),
                    float(r.epoch),
                    int(r.samples),
                    float(r.seconds),
                )
            following[name] = seq + len(entry.records)
            finals.add(name, entry.records)
    _insert(connection, cells)
    finals.write(connection)


def _insert(connection: sqlite3.Connection, cells: list[object]) -> None:
    # Not executemany: sqlite3 gives the interpreter lock away at every row, and beside a busy thread waits up to 5 ms
    # to have it back (measured: 2 s for 1000 rows; with 500 rows in a statement nothing to notice).
    for start in range(0, len(cells), ROWS * 10):
        part = cells[start : start + ROWS * 10]
        connection.execute("INSERT INTO records VALUES " + ",".join(["(?,?,?,?,?,?,?,?,?,?)"] * (len(part) // 10)), part)


def _next(connection: sqlite3.Connection, experiment: str) -> int | None:
    """The seq of the next record; None if there is no such experiment."""
    found = connection.execute(
        "SELECT (SELECT coalesce(max(seq) + 1, 0) FROM records WHERE experiment = ?1) FROM experiments WHERE id = ?1",
        (experiment,),
    ).fetchone()
    return None if found is None else found[0]
