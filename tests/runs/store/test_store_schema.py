"""Files of an earlier version become ones of this with everything in them, or stay usable as they are."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dfa_lab.runs.store import schema
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.experiment import Experiment
from tests.children import Child

ROOT = Path(__file__).parents[3]
ROWS = 3000
# As the lab wrote it when there was no other schema.
SCHEMA_1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE experiments (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, settings TEXT NOT NULL, versions TEXT NOT NULL,
    title TEXT NOT NULL, state TEXT NOT NULL, sentence TEXT NOT NULL, created REAL NOT NULL, finished REAL,
    demo INTEGER NOT NULL, server TEXT NOT NULL);
CREATE TABLE records (
    experiment TEXT NOT NULL, seq INTEGER NOT NULL, run INTEGER NOT NULL, metric TEXT NOT NULL, layer INTEGER,
    value REAL, step INTEGER NOT NULL, epoch REAL NOT NULL, samples INTEGER NOT NULL, seconds REAL NOT NULL,
    PRIMARY KEY (experiment, seq)) WITHOUT ROWID;
CREATE TABLE events (
    number INTEGER PRIMARY KEY, experiment TEXT NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX events_of ON events (experiment, number);
INSERT INTO meta VALUES ('schema', '1');
"""


def rows() -> list[tuple]:
    """Of two runs: test errors that fall and rise again, the last one undefined in run 1, and an angle of a layer."""
    found = []
    for i in range(ROWS // 3):
        for run in (0, 1):
            value = None if run and i == ROWS // 3 - 1 else abs(i - 600) // 2 / 1000 + run
            found.append((run, "test_error", None, value, i, i / 7, i * 64, i / 100))
        found.append((0, "signal_angle", 1, 90 - i / 100, i, i / 7, i * 64, i / 100))
    return found


def read() -> list[tuple]:
    """The same as it is read: its first angle is exactly 90°, which is known to be wrong."""
    return [(*row[:3], None, *row[4:]) if row[1:4] == ("signal_angle", 1, 90.0) else row for row in rows()]


def old(folder: Path) -> Path:
    """A file of schema 1 with two experiments."""
    folder.mkdir(exist_ok=True)
    path = folder / "runs.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(SCHEMA_1)
        for n, id in enumerate(("a", "b"), 1):
            settings = Experiment(num_hidden=n).model_dump_json()
            values = (n, id, settings, '{"python": "3.11"}', f"title {n}", "finished", "why", 1e9 + n, 2e9, 0, "s" * 32)
            connection.execute("INSERT INTO experiments VALUES (?,?,?,?,?,?,?,?,?,?,?)", values)
            connection.execute("INSERT INTO events VALUES (NULL, ?, 5.0, 'started', 'on cpu')", (id,))
            numbered = [(id, seq, *row) for seq, row in enumerate(rows())]
            connection.executemany("INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,?)", numbered)
        connection.commit()
    return path


def everything_is_there(folder: Path) -> None:
    with closing(Store(folder)) as store:
        assert store.problem == ""
        first, second = reversed(store.experiments())
        assert (first.id, second.id, first.title, first.state, first.sentence) == ("a", "b", "title 1", "finished", "why")
        assert first.experiment == Experiment(num_hidden=1) and first.versions == {"python": "3.11"}
        assert (first.created, first.finished, first.demo) == (1e9 + 1, 2e9, False)
        assert (first.name, first.note, first.tags, first.colour, first.removed) == ("", "", (), "", None)
        for one in (first, second):
            assert [tuple(record) for record in store.records(one.id)] == read()
            assert [(event.time, event.kind, event.text) for event in store.events(one.id)] == [(5.0, "started", "on cpu")]
        found = store.finals(["a", "b"]).set_index(["experiment", "run", "metric"])
        assert len(found) == 4  # none of a layer
        for id in "ab":
            whole, undefined = found.loc[id, 0, "test_error"], found.loc[id, 1, "test_error"]
            assert (whole["value"], whole["step"]) == (0.199, 999)
            assert undefined["value"] != undefined["value"] and undefined["step"] == 999
            # 599, 600 and 601 are equally good: the first counts
            assert (whole["best"], whole["best_step"]) == (0, 599) and (undefined["best"], undefined["best_step"]) == (1, 599)


def test_a_file_of_schema_1_opens_with_everything_in_it(tmp_path: Path) -> None:
    old(tmp_path)
    everything_is_there(tmp_path)
    everything_is_there(tmp_path)  # once is enough
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as connection:
        assert connection.execute("SELECT value FROM meta").fetchall() == [(str(schema.SCHEMA),)]


def test_the_tables_of_a_new_file_are_those_of_an_old_one(tmp_path: Path) -> None:
    def tables(folder: Path) -> list[tuple]:
        Store(folder).close()
        with closing(sqlite3.connect(folder / "runs.sqlite")) as connection:
            names = [
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
            ]
            return [(name, *row) for name in names for row in connection.execute(f"PRAGMA table_info({name})")]

    old(tmp_path / "old")
    assert tables(tmp_path / "old") == tables(tmp_path / "new")


def child(folder: Path, how: str) -> None:
    """Open the store; stop in the middle of the last step, or fill the disk before it."""
    if how == "limit":
        import resource

        size = (folder / "runs.sqlite").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 20, resource.RLIM_INFINITY))
    else:
        step = schema.STEPS[-1]

        def slow(connection: sqlite3.Connection) -> None:
            step(connection)
            print("in the middle", flush=True)
            sys.stdin.read()

        schema.STEPS[-1] = slow
    with closing(Store(folder)) as store:
        print(store.problem, flush=True)


def opened(folder: Path, how: str) -> Child:
    return Child(__file__, str(folder), how)


def still_of_schema_1(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT value FROM meta").fetchall() == [("1",)]
        assert len(connection.execute("PRAGMA table_info(experiments)").fetchall()) == 11
        assert connection.execute("SELECT count(*) FROM records").fetchone() == (2 * len(rows()),)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_killed_in_the_middle_of_a_migration(tmp_path: Path) -> None:
    path = old(tmp_path)
    with opened(tmp_path, "slow") as process:
        assert process.stdout.readline() == "in the middle\n"
        process.kill()
    still_of_schema_1(path)
    everything_is_there(tmp_path)


def test_a_full_disk_in_the_middle_of_a_migration(tmp_path: Path) -> None:
    pytest.importorskip("resource", reason="file size limits are POSIX")
    path = old(tmp_path)
    with opened(tmp_path, "limit") as process:
        said = process.communicate()[0]
    assert said.startswith("Runs are not being kept: ") and "--runs" in said
    still_of_schema_1(path)
    everything_is_there(tmp_path)


if __name__ == "__main__":
    child(Path(sys.argv[1]), sys.argv[2])
