"""The tables of the store, and how a file of an earlier version becomes one of this: a list of steps, each done once."""

import sqlite3
from collections.abc import Callable

from dfa_lab.runs.store.finals import refill

FIRST = """
CREATE TABLE IF NOT EXISTS experiments (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, settings TEXT NOT NULL, versions TEXT NOT NULL,
    title TEXT NOT NULL, state TEXT NOT NULL, sentence TEXT NOT NULL, created REAL NOT NULL, finished REAL,
    demo INTEGER NOT NULL, server TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    experiment TEXT NOT NULL, seq INTEGER NOT NULL, run INTEGER NOT NULL, metric TEXT NOT NULL, layer INTEGER,
    value REAL, step INTEGER NOT NULL, epoch REAL NOT NULL, samples INTEGER NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (experiment, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY, experiment TEXT NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_of ON events (experiment, number)
"""
LABELS_AND_FINALS = """
ALTER TABLE experiments ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE experiments ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE experiments ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE experiments ADD COLUMN colour TEXT NOT NULL DEFAULT '';
ALTER TABLE experiments ADD COLUMN removed REAL;
CREATE TABLE finals (
    experiment TEXT NOT NULL, run INTEGER NOT NULL, metric TEXT NOT NULL, value REAL, step INTEGER NOT NULL,
    best REAL, best_step INTEGER, PRIMARY KEY (experiment, run, metric)) WITHOUT ROWID
"""


OWNERS = """
ALTER TABLE experiments ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE TABLE visitors (id TEXT PRIMARY KEY, name TEXT NOT NULL, first REAL NOT NULL, last REAL NOT NULL) WITHOUT ROWID
"""


def _first(connection: sqlite3.Connection) -> None:
    _each(connection, FIRST)


def _labels_and_finals(connection: sqlite3.Connection) -> None:
    _each(connection, LABELS_AND_FINALS)
    for (experiment,) in connection.execute("SELECT id FROM experiments").fetchall():
        refill(connection, experiment)


def _owners(connection: sqlite3.Connection) -> None:
    """What is there already is nobody's: the administrator's."""
    _each(connection, OWNERS)


# STEPS[n] makes a file of schema n one of schema n + 1. What has been released is not changed: a new step is added.
STEPS: list[Callable[[sqlite3.Connection], None]] = [_first, _labels_and_finals, _owners]
SCHEMA = len(STEPS)


def bring_up(connection: sqlite3.Connection) -> None:
    """Make the tables of this version of what is there. Call it in a transaction, so that it is done whole or not at all.

    Raises sqlite3.Error.
    """
    connection.execute("CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    found = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    reached = 0 if found is None else int(found[0])
    for step in STEPS[reached:]:
        step(connection)
    if reached < SCHEMA:
        written = "INSERT INTO meta VALUES ('schema', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        connection.execute(written, (str(SCHEMA),))


def _each(connection: sqlite3.Connection, statements: str) -> None:
    # Not executescript: it commits what has begun.
    for statement in statements.split(";"):
        connection.execute(statement)
