"""Visitors of a shared server: what they want to be called, and when they were seen."""

import time
from typing import NamedTuple

from dfa_lab.runs.rights import Visitor
from dfa_lab.runs.store.store import Store

LONGEST = 30  # characters of a name


class Known(NamedTuple):
    """A visitor of the store."""

    id: str
    name: str  # chosen by themselves; empty: none
    first: float  # seconds since 1970
    last: float


class Visitors:
    """Every method may be called from any thread."""

    def __init__(self, store: Store):
        self._store = store
        self._here: set[str] = set()  # since the server was started

    def seen(self, who: Visitor) -> None:
        """Note that a visitor is here now; whoever keeps the server is none."""
        if who.administrator:
            return
        self._here.add(who.id)
        now = time.time()
        sql = "INSERT INTO visitors VALUES (?, '', ?, ?) ON CONFLICT (id) DO UPDATE SET last = excluded.last"
        self._store.put(sql, who.id, now, now)

    def here(self, id: str) -> bool:
        """Whether a visitor has been seen since the server was started."""
        return id in self._here

    def call(self, id: str, name: str) -> None:
        """Give a visitor this name; the first LONGEST characters of it, without line breaks."""
        now, short = time.time(), " ".join(name.split())[:LONGEST].strip()
        sql = (
            "INSERT INTO visitors VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name, last = excluded.last"
        )
        self._store.put(sql, id, short, now, now)

    def all(self) -> list[Known]:
        """Everybody, who was seen last first."""
        return [Known(*row) for row in self._store.rows("SELECT id, name, first, last FROM visitors ORDER BY last DESC")]

    def names(self) -> dict[str, str]:
        """What people call the owners of experiments: their name, with what tells two of one name apart."""
        return {one.id: called(one.id, one.name) for one in self.all()}


def called(id: str, name: str = "") -> str:
    """What others see of a visitor."""
    if not id:
        return "whoever keeps the server"
    return f"{name} ({id[:4]})" if name else f"visitor {id[:4]}"
