"""Copy a folder of runs while a lab writes to it: python tools/back_up.py runs backup

The database is in WAL mode: a plain copy of its file may lack what is still in the log, or be torn. SQLite makes the copy
itself, of one moment. It is made last: what it names is then in the copy already, unless it began or went meanwhile.
"""

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

DATABASE = ".sqlite"
PASSING = (".lock", ".part", "-wal", "-shm", "-journal")  # of the server that runs; a copy has no use for them


def back_up(runs: Path, copy: Path) -> int:
    """Copy the folder `runs` to `copy`, which must not be there yet; the number of its files.

    Raises OSError or sqlite3.Error; what was copied until then is left.
    """
    if not any(runs.glob(f"*{DATABASE}")):
        raise FileNotFoundError(f"{runs} holds no runs.sqlite: name the folder that --runs or $DFA_LAB_RUNS names.")
    copy.mkdir(parents=True)  # never over an earlier copy
    files = sorted(file for file in runs.rglob("*") if file.is_file() and not file.name.endswith(PASSING))
    copied = 0
    for file in sorted(files, key=lambda file: file.suffix == DATABASE):
        target = copy / file.relative_to(runs)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            (_copy_database if file.suffix == DATABASE else shutil.copy2)(file, target)
        except FileNotFoundError:  # removed since it was listed: an old snapshot
            continue
        copied += 1
    return copied


def _copy_database(file: Path, target: Path) -> None:
    uri = f"{file.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(target)) as written:
        source.backup(written)
        (said,) = written.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise sqlite3.DatabaseError(f"{file} is damaged ({said}); docs/lasting.md says what becomes of it.")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("Name two folders: python tools/back_up.py RUNS COPY")
    runs, copy = map(Path, sys.argv[1:])
    try:
        copied = back_up(runs, copy)
    except FileExistsError:
        sys.exit(f"{copy} is there already: name a folder that is not, so that no earlier copy is lost.")
    except (OSError, sqlite3.Error) as error:
        sys.exit(f"{runs} was not copied: {error}")
    print(f"{copied} files of {runs} are in {copy}")


if __name__ == "__main__":
    main()
