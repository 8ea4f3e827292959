"""The database behind the store: a file, or memory where no file can be used, and what its errors mean in words."""

import errno
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol, TypeVar

from dfa_lab.machine.disk_room import NoRoomError, require
from dfa_lab.runs.store.schema import SCHEMA, bring_up
from dfa_lab.settings.wording import shown

BUSY = 5.0  # seconds that SQLite waits for another process' transaction
CHECKED = 64 * 2**20  # bytes up to which a file is read through when opened (about 3 ms a MiB)
FULL = "The disk that holds {} is full: free some space."
USED_UP = "The system's quota for this user on the disk that holds {} is used up: free some space, or ask for more."

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Database(Protocol):
    """Where the store keeps its tables. `write` is called from one thread at a time, `read` from any."""

    def write(self, work: Work[None]) -> None:
        """Do `work` in one transaction. Raises sqlite3.Error or OSError, and then nothing of it was kept."""
        ...

    def read(self, work: Work[T]) -> T:
        """The result of `work`. Raises sqlite3.Error or OSError."""
        ...

    def close(self) -> None: ...


class Memory:
    """A database that is gone with the process."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._lock = threading.Lock()
        self.write(bring_up)

    def write(self, work: Work[None]) -> None:
        with self._lock, _transaction(self._connection):
            work(self._connection)

    def read(self, work: Work[T]) -> T:
        with self._lock:
            return work(self._connection)

    def close(self) -> None:
        with self._lock:
            self._connection.close()


class Disk:
    """The database in a file: one connection to write, kept open, and one for each read."""

    def __init__(self, path: Path) -> None:
        """Makes the file and its tables if they are not there, and brings those of an earlier version up to this one.

        Call it while no other process does: in `opening`.

        Raises sqlite3.Error or OSError.
        """
        self.path = path
        self._file: tuple[int, int] | None = None
        self._connection: sqlite3.Connection | None = _connect(path, "rwc")
        # Kept open: with the last connection to close, SQLite removes files that a full disk has no room for any more.
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            with _transaction(self._connection):
                bring_up(self._connection)
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._file = _identity(path)
        except BaseException:
            self.close()
            raise

    def write(self, work: Work[None]) -> None:
        # A file that was removed or replaced would go on being written, without a name and without an error.
        found = _identity(self.path)
        if self._file != found:
            self.close()
        if self._connection is None:
            self._connection = _connect(self.path, "rw")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._file = found
        with _transaction(self._connection):
            work(self._connection)

    def read(self, work: Work[T]) -> T:
        with closing(_connect(self.path, "rw")) as connection:
            return work(connection)

    def compact(self) -> None:
        """Make the file as small as what is in it: what was deleted leaves gaps.

        Raises sqlite3.Error or OSError, the file is then as before; OSError where the disk has no room for the copy that
        this makes.
        """
        size = self.path.stat().st_size
        require(self.path.parent, 2 * size, "the copy that is made of the database, with its log,")
        with closing(_connect(self.path, "rw")) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        connection, self._connection, self._file = self._connection, None, None
        if connection is not None:
            connection.close()


def choose(folder: Path) -> tuple[Path, str]:
    """The file in `folder` to keep runs in, and a sentence where it is not the one to be expected.

    Raises NewerError where the first readable file is of a later version, else sqlite3.Error or OSError.
    """
    strange: list[str] = []
    for number in range(1, 100):
        path = folder / ("runs.sqlite" if number == 1 else f"runs-{number}.sqlite")
        if path.is_file() and not _readable(path):
            strange.append(path.name)
            continue
        few = "is not a database of runs that can be read: it is" if len(strange) == 1 else "cannot be read as runs: they are"
        notice = (
            f"{' and '.join(strange)} in {folder} {few} left as found, and runs are kept in {path.name}." if strange else ""
        )
        return path, notice
    raise OSError(f"{len(strange)} damaged files")


class NewerError(Exception):
    """The file was written by a later version of DFA Lab."""


def _readable(path: Path) -> bool:
    """Whether the file is ours or still empty; False if it is damaged or of something else."""
    try:
        with closing(_connect(path, "ro")) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not tables:
                return True
            if "meta" not in tables:
                return False
            found = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
            if found is None or not str(found[0]).isdecimal():
                return False
            if int(found[0]) > SCHEMA:
                raise NewerError(f"{path} was written by a newer DFA Lab (format {found[0]}, this one knows {SCHEMA}).")
            return path.stat().st_size > CHECKED or connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError as error:
        if _kind(error) in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
            return False
        if "no such column" in str(error):
            return False
        raise


def is_full(error: Exception) -> bool:
    """Whether there was no room for it on the disk."""
    return _kind(error) == "SQLITE_FULL" or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)


def explain(error: Exception, path: Path) -> str:
    """What went wrong with the file, as one sentence for a person."""
    folder, kind, number = path.parent, _kind(error), getattr(error, "errno", None)
    if isinstance(error, NewerError):
        return str(error)
    if isinstance(error, NoRoomError):
        return str(error.strerror)
    if number == errno.ENAMETOOLONG:
        return f"{shown(folder, 80)} is longer than a folder's name may be."
    if number == errno.ENOTDIR or (folder.exists() and not folder.is_dir()):
        return f"{folder} is not a folder."
    if number in (errno.EMFILE, errno.ENFILE):
        return "This process has as many files open as the system allows: it goes on when there are fewer."
    if number == errno.EDQUOT:
        return USED_UP.format(folder)
    if kind == "SQLITE_FULL" or number == errno.ENOSPC:
        return FULL.format(folder)
    if kind in ("SQLITE_READONLY", "SQLITE_PERM") or number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{folder} cannot be written to."
    if kind in ("SQLITE_BUSY", "SQLITE_LOCKED") or isinstance(error, TimeoutError):
        return f"Another program keeps {path} locked."
    if kind in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return f"{path} is damaged."
    if number == errno.ENOENT or (kind and not path.exists()):
        return f"{path} is no longer there: put it back, or restart the server."
    if _full(folder):
        return FULL.format(folder)
    return f"{path} cannot be used ({error})."


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _kind(error: Exception) -> str:
    """SQLITE_IOERR for SQLITE_IOERR_WRITE and so on; empty if it is not SQLite's."""
    return "_".join(str(getattr(error, "sqlite_errorname", "")).split("_")[:2])


def _full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < 2**16
    except OSError:
        return False


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # Connections move between the thread that opens the store, the writer and the one that closes it, one at a time.
    uri = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY, isolation_level=None, check_same_thread=False)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise
