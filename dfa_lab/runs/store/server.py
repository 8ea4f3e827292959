"""Which server an experiment belongs to, and what becomes of those whose server was killed."""

import re
import sqlite3
import uuid
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from dfa_lab.runs.store.database import Disk

ACTIVE = ("loading", "queued", "running", "paused")
MARKS = ",".join("?" * len(ACTIVE))  # for ACTIVE in a statement


class Server:
    """This process' claim on its experiments: a lock that the operating system drops when the process dies."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.found: dict[str, str] = {}  # experiments that dead servers were busy with when this one began: their states then
        self._lock: FileLock | None = None

    def claim(self, folder: Path) -> None:
        """Hold this server's lock in the folder. Raises OSError."""
        # Not thread-local: who closes the store need not be the thread that opened it.
        lock = FileLock(_file(folder, self.id), thread_local=False)
        lock.acquire(timeout=0)
        self._lock = lock

    def release(self) -> None:
        if self._lock is not None:
            _remove(self._lock)
            self._lock = None


def opening(folder: Path, timeout: float = 10) -> FileLock:
    """Held while a store is opened: two at once would see each other's half-made files and fresh locks."""
    return FileLock(folder / "opening.lock", timeout=timeout, thread_local=False)


def mark_interrupted(folder: Path, database: Disk, time: float) -> dict[str, str]:
    """Mark the active experiments of dead servers, and remove the locks these left; the states of those until then, by id.

    Call it while `opening` is held. Raises sqlite3.Error or OSError.
    """
    states: dict[str, str] = {}

    def servers(connection: sqlite3.Connection) -> set[str]:
        return {name for (name,) in connection.execute(f"SELECT server FROM experiments WHERE state IN ({MARKS})", ACTIVE)}

    claimed = {path.stem.removeprefix("server-") for path in folder.glob("server-*.lock")}
    dead = [server for server in sorted(claimed | database.read(servers)) if _dead(folder, server)]

    def mark(connection: sqlite3.Connection) -> None:
        for server in dead:
            which = f"server = ? AND state IN ({MARKS})"
            found = connection.execute(f"SELECT id, state FROM experiments WHERE {which}", (server, *ACTIVE)).fetchall()
            states.update(found)
            for name, _ in found:
                (step,) = connection.execute("SELECT max(step) FROM records WHERE experiment = ?", (name,)).fetchone()
                sentence = (
                    "The server stopped before anything was measured."
                    if step is None
                    else f"The server stopped at step {step}; everything measured until then is here."
                )
                connection.execute("UPDATE experiments SET state = 'interrupted', sentence = ? WHERE id = ?", (sentence, name))
                connection.execute(
                    "INSERT INTO events (experiment, time, kind, text) VALUES (?, ?, 'interrupted', ?)", (name, time, sentence)
                )

    if dead:
        database.write(mark)
    return states


def _dead(folder: Path, server: str) -> bool:
    if not re.fullmatch("[0-9a-f]{32}", server):
        return True
    lock = FileLock(_file(folder, server), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    _remove(lock)
    return True


def _remove(lock: FileLock) -> None:
    """Let go of the lock and remove its file, in this order: Windows removes no file that is open anywhere."""
    lock.release()
    with suppress(PermissionError):  # another process looks at it just now; a store that is opened later removes it
        Path(lock.lock_file).unlink(missing_ok=True)


def _file(folder: Path, server: str) -> Path:
    return folder / f"server-{server}.lock"
