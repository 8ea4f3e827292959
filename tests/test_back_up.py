"""tools/back_up.py: a copy of a folder of runs, while a lab writes to it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tools.back_up import back_up


def test_a_backup_of_a_store_that_is_written_to_has_what_only_its_log_has(tmp_path: Path):
    runs, copy = tmp_path / "runs", tmp_path / "copy"
    (runs / "snapshots" / "one").mkdir(parents=True)
    (runs / "snapshots" / "one" / "000000000010.safetensors").write_bytes(b"state")
    for passing in ("server-1.lock", "snapshots/one/000000000020.part"):
        (runs / passing).touch()
    with closing(sqlite3.connect(runs / "runs.sqlite")) as server:
        server.execute("PRAGMA journal_mode = WAL")
        server.execute("PRAGMA wal_autocheckpoint = 0")
        server.execute("CREATE TABLE records (step)")
        with server:
            server.execute("INSERT INTO records VALUES (10)")
        server.execute("INSERT INTO records VALUES (20)")  # being written while the copy is made
        assert back_up(runs, copy) == 2
        shutil.copy(runs / "runs.sqlite", tmp_path / "plain.sqlite")
    with closing(sqlite3.connect(copy / "runs.sqlite")) as kept, closing(sqlite3.connect(tmp_path / "plain.sqlite")) as plain:
        assert kept.execute("SELECT step FROM records").fetchall() == [(10,)]
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            plain.execute("SELECT step FROM records")
    left = {file.relative_to(copy).as_posix() for file in copy.rglob("*") if file.is_file()}
    assert left == {"runs.sqlite", "snapshots/one/000000000010.safetensors"}


def test_a_backup_says_what_it_cannot_do_and_overwrites_nothing(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=r"holds no runs\.sqlite"):
        back_up(tmp_path, tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as made:
        made.execute("CREATE TABLE records (step)")
    (tmp_path / "copy").mkdir()
    with pytest.raises(FileExistsError):
        back_up(tmp_path, tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []
