"""Shares: what the experiments of each owner take of a folder of runs, removed ones too; demonstrations are nobody's."""

import threading
import time
from collections import Counter
from collections.abc import Callable

from dfa_lab.runs.disk_space import files_of, size
from dfa_lab.runs.store.store import Store

EVERY = 10.0  # seconds between two looks
USED = """SELECT (pages.page_count - free.freelist_count) * one.page_size
    FROM pragma_page_count pages, pragma_freelist_count free, pragma_page_size one"""  # bytes of the database


class _Looked:
    """What was found at the last look, which is a short time ago."""

    def __init__(self, look: Callable[[], dict[str, int]]):
        self._look, self._lock = look, threading.Lock()
        self._found: dict[str, int] = {}
        self.when = float("-inf")

    def __call__(self) -> dict[str, int]:
        with self._lock:
            if time.monotonic() - self.when > EVERY:
                self._found = self._look()
                self.when = time.monotonic()
            return self._found


class Shares:
    """Every method may be called from any thread; what is taken is looked at now and then.

    `all`: bytes by owner, "" is whoever keeps the server: checkpoints, and of the database the part that their records have.
    `snapshots`: bytes by owner of what gives way by itself; there may be ten thousands of files, so who needs it asks.
    """

    def __init__(self, store: Store):
        self._store = store
        self.all, self.snapshots = _Looked(self._kept), _Looked(lambda: self._files("snapshots"))

    def of(self, owner: str) -> int:
        """Bytes of one owner's, without snapshots; of somebody who has nothing, nothing."""
        return self.all().get(owner, 0)

    def total(self) -> int:
        """Bytes of all together, snapshots too, looked at now."""
        self.anew()
        return sum(self.all().values()) + sum(self.snapshots().values())

    def anew(self) -> None:
        """Have the next call look, as something was added or removed."""
        self.all.when = self.snapshots.when = float("-inf")

    def equal_part(self, whole: int, owner: str) -> int:
        """Bytes of the whole for each of those who have something, and for this owner."""
        return whole // len(self.all().keys() | {owner})

    def owners(self) -> dict[str, str]:
        """By experiment."""
        return dict(self._store.rows("SELECT id, owner FROM experiments WHERE NOT demo"))

    def _files(self, kind: str) -> dict[str, int]:
        owners, found = self.owners(), Counter[str]()
        for id, paths in files_of(self._store.folder, (kind,)).items():
            if id in owners:
                found[owners[id]] += sum(map(size, paths))
        return dict(found)

    def _kept(self) -> dict[str, int]:
        counts, files, records = self._store.counts(), self._files("checkpoints"), Counter[str]()
        for id, owner in self.owners().items():
            records[owner] += counts.get(id, 0)
        used = sum(number for (number,) in self._store.rows(USED))
        a_record = used / max(1, sum(counts.values()))
        return {owner: round(number * a_record) + files.get(owner, 0) for owner, number in records.items()}
