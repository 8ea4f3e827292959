"""What a folder of runs takes on the disk, and what of it can be removed."""

import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dfa_lab.runs.store.server import ACTIVE
from dfa_lab.runs.store.store import Store

FOLDERS = ("checkpoints", "snapshots", "saved")  # beside the database
OF_EXPERIMENTS = ("checkpoints", "snapshots")  # what lies there is named by an experiment's id
DONE = ("finished", "failed")  # such an experiment is never continued
MOST = 100_000  # experiments


@dataclass(frozen=True)
class Space:
    """What a folder takes and what is left on its disk, in bytes."""

    kinds: dict[str, int]  # database, the folders, other
    free: int  # on the disk

    @property
    def total(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True)
class Removable:
    """Experiments and what removing something of theirs gives back, in bytes; a part of the database is an estimate."""

    ids: tuple[str, ...]
    size: int


def measure(folder: Path) -> Space:
    """What there is now; what cannot be looked at counts nothing."""
    kinds = {"database": 0, **dict.fromkeys(FOLDERS, 0), "other": 0}
    with suppress(OSError):
        for entry in sorted(folder.iterdir()):
            database = entry.name.startswith("runs") and ".sqlite" in entry.name
            kind = entry.name if entry.name in FOLDERS else "database" if database else "other"
            kinds[kind] += size(entry)
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        free = 0
    return Space(kinds, free)


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder; links are not followed."""
    try:
        if path.is_symlink():
            return 0
        return sum(size(entry) for entry in path.iterdir()) if path.is_dir() else path.stat().st_size
    except OSError:  # it has gone meanwhile
        return 0


def removed(store: Store, owner: str | None = None) -> Removable:
    """What was removed from the lists and can be removed for good; of one owner alone where there is one."""
    found = store.experiments(MOST, removed=True)
    ids = tuple(one.id for one in found if one.state not in ACTIVE and owner in (None, one.owner))
    counts = store.counts()
    share = sum(counts.get(id, 0) for id in ids) / max(1, sum(counts.values()))
    database = measure(store.folder).kinds["database"] if ids else 0
    files = files_of(store.folder, OF_EXPERIMENTS)
    return Removable(ids, round(database * share) + sum(size(path) for id in ids for path in files.get(id, ())))


def owned(store: Store, owner: str) -> tuple[str, ...]:
    """All experiments of an owner, on the lists or not; no demonstrations."""
    found = store.experiments(MOST, demos=False) + store.experiments(MOST, demos=False, removed=True)
    return tuple(one.id for one in found if one.owner == owner)


def checkpoints(store: Store, states: Collection[str] = DONE) -> Removable:
    """Checkpoints of experiments in these states."""
    files = files_of(store.folder, ("checkpoints",))
    found = store.experiments(MOST) + store.experiments(MOST, removed=True) if files else []
    ids = tuple(one.id for one in found if one.state in states and one.state not in ACTIVE and one.id in files)
    return Removable(ids, sum(size(path) for id in ids for path in files[id]))


def remove_files(folder: Path, ids: Collection[str], kinds: Collection[str] = OF_EXPERIMENTS) -> None:
    """Remove experiments' files of these kinds. What cannot be removed stays."""
    files = files_of(folder, kinds)
    for path in [path for id in ids for path in files.get(id, ())]:
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def files_of(folder: Path, kinds: Collection[str]) -> dict[str, list[Path]]:
    """Files and folders of these kinds by the id that they are named by, whatever comes after a dot."""
    found: dict[str, list[Path]] = {}
    for kind in kinds:
        with suppress(OSError):
            for path in (folder / kind).iterdir():
                found.setdefault(path.name.partition(".")[0], []).append(path)
    return found
