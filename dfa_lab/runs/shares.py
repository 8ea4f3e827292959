"""Shares: what the experiments of each owner take of a folder of runs, removed ones too; demonstrations are nobody's."""

import threading
import time
from collections import Counter, defaultdict
from typing import NamedTuple

from dfa_lab.runs.disk_space import files_of, size
from dfa_lab.runs.store.store import Store

EVERY = 10.0  # seconds between two looks
USED = """SELECT (pages.page_count - free.freelist_count) * one.page_size
    FROM pragma_page_count pages, pragma_freelist_count free, pragma_page_size one"""  # bytes of the database


class Share(NamedTuple):
    """What one owner's experiments take, in bytes; the part of the database is that of their records."""

    kept: int = 0  # all but snapshots
    snapshots: int = 0  # which give way by themselves


class Shares:
    """Every method may be called from any thread; what is taken is looked at now and then."""

    def __init__(self, store: Store):
        self._store = store
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._taken: dict[str, Share] = {}

    def all(self) -> dict[str, Share]:
        """By owner; "" is whoever keeps the server."""
        with self._lock:
            if time.monotonic() - self._looked > EVERY:
                self._taken = self._look()
                self._looked = time.monotonic()
            return self._taken

    def of(self, owner: str) -> Share:
        """One owner's; of somebody who has nothing, nothing."""
        return self.all().get(owner, Share())

    def total(self) -> int:
        """Bytes of all together, looked at now."""
        self.anew()
        return sum(share.kept + share.snapshots for share in self.all().values())

    def anew(self) -> None:
        """Have the next call look, as something was added or removed."""
        self._looked = float("-inf")

    def equal_part(self, whole: int, owner: str) -> int:
        """Bytes of the whole for each of those who have something, and for this owner."""
        return whole // len(self.all().keys() | {owner})

    def _look(self) -> dict[str, Share]:
        owners = dict(self._store.rows("SELECT id, owner FROM experiments WHERE NOT demo"))
        counts = self._store.counts()
        used = sum(number for (number,) in self._store.rows(USED))
        database, files = Counter[str](), defaultdict[str, Counter[str]](Counter)
        for kind in ("checkpoints", "snapshots"):
            for id, paths in files_of(self._store.folder, (kind,)).items():
                if id in owners:
                    files[owners[id]][kind] += sum(map(size, paths))
        for id, owner in owners.items():
            database[owner] += counts.get(id, 0)
        a_record = used / max(1, sum(counts.values()))
        return {
            owner: Share(round(records * a_record) + files[owner]["checkpoints"], files[owner]["snapshots"])
            for owner, records in database.items()
        }
