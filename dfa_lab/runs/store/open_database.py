"""The database of a folder, opened: a file of this version, made if missing, or memory where no file can be used."""

import sqlite3
import time
from pathlib import Path

from dfa_lab.runs.store.database import Database, Disk, Memory, NewerError, choose, explain, is_full
from dfa_lab.runs.store.rescue import rescue
from dfa_lab.runs.store.server import Server, mark_interrupted, opening


def open_database(folder: Path, server: Server) -> tuple[Database, Path, str]:
    """(database, its file, empty or a sentence for a person about what is not as it should be).

    `server` claims the folder, and what dead servers were busy with is marked as interrupted.
    """
    path, database = folder / "runs.sqlite", None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with opening(folder):
            path, notice = choose(folder)
            new = not path.exists()
            database = Disk(path)
            if new and notice:
                notice = f"{notice} {_rescued(folder, database)}".strip()
            try:
                server.found = mark_interrupted(folder, database, time.time())
            except (sqlite3.Error, OSError) as error:
                if not is_full(error):  # what is there can be read, and Store.notice_the_dead does it when there is room
                    raise
            server.claim(folder)  # there is room for it in place of a dead server's
        return database, path, notice
    except (sqlite3.Error, OSError, NotImplementedError, NewerError) as error:
        if database is not None:
            database.close()
        server.release()
        return Memory(), path, f"Runs are not being kept: {explain(error, path)} Give another folder with --runs."


def _rescued(folder: Path, database: Disk) -> str:
    """What came of copying a damaged file's experiments. Raises sqlite3.Error or OSError."""
    said: list[str] = []
    damaged = sorted((path for path in folder.glob("runs*.sqlite") if path != database.path), key=lambda path: path.name)
    database.write(lambda connection: said.append(rescue(damaged[-1], connection)))
    return said[-1]
