"""The ledger of a soak: every experiment that the lab has acknowledged, and what it has shown of each.

After every life of the server the store is held against it. What a kill may take is a second of records and twenty of training
(docs/serving.md, docs/lasting.md); what was shown before that has to be there, bit for bit, for ever.
"""

import hashlib
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

RECORDS = 1.0  # seconds of records and states that a kill may take
TRAINING = 21.0  # seconds of training: twenty, and one of records
FIRST = 5.0  # seconds after which a new experiment surely has its first checkpoint
ENDED = ("finished", "stopped", "failed", "interrupted")
ACTIVE = ("loading", "queued", "running", "paused")


@dataclass
class Seen:
    """What the lab has said of an experiment at a moment."""

    when: float
    state: str
    step: int
    records: int


@dataclass
class Known:
    """An experiment that the lab has acknowledged."""

    id: str
    owner: str  # id of the visitor
    when: float = field(default_factory=time.monotonic)
    seen: list[Seen] = field(default_factory=list)
    removed: float | None = None  # when that was acknowledged
    taken_up: float | None = None  # when the present life of the server found it running
    printed: tuple[int, str] = (0, "")  # (records, hash) at the last look into the store

    def see(self, state: str, step: int, records: int) -> None:
        """Note what the lab says now; what is older than TRAINING is kept once."""
        now = time.monotonic()
        self.seen.append(Seen(now, state, step, records))
        while len(self.seen) > 2 and now - self.seen[1].when > 2 * TRAINING:
            del self.seen[0]

    def surely(self, before: float) -> Seen | None:
        """What was last seen of it before this moment."""
        return next((one for one in reversed(self.seen) if one.when <= before), None)

    @property
    def state(self) -> str:
        """The state that was last seen; empty where none was."""
        return self.seen[-1].state if self.seen else ""


class Ledger:
    """Each experiment by its id."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        self.checked = 0  # comparisons of an experiment with the store

    def add(self, id: str, owner: str) -> Known:
        """Note an experiment that was begun or imported."""
        return self.known.setdefault(id, Known(id, owner))

    def active(self) -> list[Known]:
        """Those that were last seen active."""
        return [one for one in list(self.known.values()) if one.state in ACTIVE and one.removed is None]

    def faults(self, runs: Path, ended: float, killed: bool) -> list[str]:
        """What the store in the folder `runs` lacks, one sentence each; no server may be at work there.

        `ended`: when (time.monotonic()) the server was told to end; `killed`: it had no time to write anything.
        """
        with _copied(runs) as store:
            (whole,) = store.execute("PRAGMA integrity_check").fetchone()
            found = [] if whole == "ok" else [f"the database is damaged: {whole}"]
            for one in self.known.values():
                self.checked += 1
                found += [f"{one.id}: {fault}" for fault in _faults(store, one, ended - RECORDS if killed else float("inf"))]
        return found

    def not_taken_up(self, one: Known, ended: float, killed: bool) -> str:
        """Why an experiment should have gone on, or from further on, in the life after `ended`; empty where all is well.

        It was seen in the new life already.
        """
        now, before = one.seen[-1], one.surely(ended - (RECORDS if killed else 0.0))
        if before is None or before.state != "running":
            return ""
        lasted = ended - (one.when if one.taken_up is None else one.taken_up)
        if killed and lasted < (FIRST if one.taken_up is None else TRAINING + RECORDS):
            return ""  # there was no checkpoint of this life yet: nothing goes on twice from one step
        if now.state == "interrupted":
            return f"it ran at step {before.step}, and does not go on after the restart"
        surely = one.surely(ended - TRAINING) if killed else before
        if surely is not None and surely.step > max(now.step, 0) and now.state in ("running", "paused"):
            return f"it was at step {surely.step} {TRAINING:.0f} s before the kill, and goes on from {now.step}"
        return ""


@dataclass
class Row:
    """What the store has of an experiment."""

    state: str
    owner: str
    removed: float | None


def _faults(store: sqlite3.Connection, one: Known, before: float) -> Iterator[str]:
    """What is missing of what was seen before a moment."""
    found = store.execute("SELECT state, owner, removed FROM experiments WHERE id = ?", (one.id,)).fetchone()
    if found is None:
        if one.when <= before:
            yield "it is gone"
        return
    row = Row(*found)
    if row.owner != one.owner:
        yield f"it belongs to {row.owner!r}, and belonged to {one.owner!r}"
    if one.removed is not None and one.removed <= before and row.removed is None:
        yield "it was removed, and is back"
    if one.removed is None and row.removed is not None:
        yield "nobody removed it, and it is removed"
    seen = one.surely(before)
    if seen and seen.state in ("finished", "stopped") and row.state != seen.state:
        yield f"it was {seen.state}, and is {row.state}"
    rows = store.execute(
        "SELECT run, metric, layer, value, step, epoch, samples FROM records WHERE experiment = ? ORDER BY seq", (one.id,)
    ).fetchall()
    if seen and seen.records > len(rows):
        yield f"{seen.records} records were shown, and {len(rows)} are kept"
    count, printed = one.printed
    same = len(rows) < count or printed == _print(rows[:count]) or not count
    if not same:
        yield f"its first {count} records are others than before"
    taken_up = one.taken_up is not None and row.state != "finished"  # and perhaps stopped before it was there again
    if len(rows) < count and not taken_up:
        yield f"it had {count} records, and has {len(rows)}"
    if same and (len(rows) >= count or row.state == "stopped"):
        one.printed = (len(rows), _print(rows))


def _print(rows: list[tuple]) -> str:
    return hashlib.sha256(repr(rows).encode()).hexdigest()


class _copied:
    """A copy of the store with its log, so that looking changes nothing: `with _copied(runs) as connection`."""

    def __init__(self, runs: Path):
        self._runs = runs

    def __enter__(self) -> sqlite3.Connection:
        self._folder = tempfile.TemporaryDirectory()
        for name in ("runs.sqlite", "runs.sqlite-wal"):
            if (self._runs / name).exists():
                shutil.copy(self._runs / name, self._folder.name)
        self._connection = sqlite3.connect(Path(self._folder.name, "runs.sqlite"))
        return self._connection

    def __exit__(self, *_: object) -> None:
        with closing(self._connection):
            pass
        self._folder.cleanup()
