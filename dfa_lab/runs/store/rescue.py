"""What can still be read of a damaged database of runs is copied into a new one; the damaged file is only read."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from dfa_lab.runs.store.finals import refill
from dfa_lab.runs.store.schema import SCHEMA

LOST = "Some of its records or events were on a damaged page of the database and are lost."


def rescue(damaged: Path, connection: sqlite3.Connection) -> str:
    """Copy experiments with their records and events; what came of it, in a sentence.

    Call it in a transaction on an empty store of this version. Raises sqlite3.Error where that cannot be written.
    """
    uri = f"{damaged.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as old:
            if old.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone() != (str(SCHEMA),):
                return ""
            experiments, whole = _both_ends(old, connection, "experiments", "number")
            torn = [row[1] for row in experiments if not _copy(old, connection, row)]
    except sqlite3.DatabaseError:  # not even its list of tables
        return ""
    if not experiments:
        return ""
    said = f"What could be read of it was copied: {len(experiments)} experiments"
    said += f", {len(torn)} of them with gaps" if torn else ""
    return said + (". There may have been others." if not whole else ".")


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, row: tuple[Any, ...]) -> bool:
    """One experiment; False if something of it is lost."""
    id = row[1]
    records, all_records = _both_ends(old, new, "records", "seq", id)
    events, all_events = _both_ends(old, new, "events", "number", id)
    _insert(new, "experiments", [row])
    _insert(new, "records", [(id, seq, *record[2:]) for seq, record in enumerate(records)])
    _insert(new, "events", [(None, *event[1:]) for event in events])
    refill(new, id)
    if not (all_records and all_events):
        new.execute(
            "INSERT INTO events (experiment, time, kind, text) SELECT id, created, 'note', ? FROM experiments WHERE id = ?",
            (LOST, id),
        )
    return all_records and all_events


def _both_ends(
    old: sqlite3.Connection, new: sqlite3.Connection, table: str, key: str, id: str | None = None
) -> tuple[list[tuple[Any, ...]], bool]:
    """(rows, whether they are all): read from both ends up to what cannot be read, in the order of the key."""
    columns = [name for _, name, *_ in new.execute(f"PRAGMA table_info({table})")]
    where, values = ("", ()) if id is None else ("WHERE experiment = ?", (id,))
    found: dict[Any, tuple[Any, ...]] = {}
    for order in ("ASC", "DESC"):
        try:
            for row in old.execute(f"SELECT {', '.join(columns)} FROM {table} {where} ORDER BY {key} {order}", values):
                found[row[columns.index(key)]] = row
        except (sqlite3.DatabaseError, OverflowError, UnicodeDecodeError):
            continue
        return [found[number] for number in sorted(found)], order == "ASC"
    return [found[number] for number in sorted(found)], False


def _insert(new: sqlite3.Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        new.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
