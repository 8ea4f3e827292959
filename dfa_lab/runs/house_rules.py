"""House rules: the limits of a server, and whether it is closed for new experiments; kept in its store, over restarts too."""

import json

from dfa_lab.runs.limits import Limits, readable
from dfa_lab.runs.store.store import Store

KEEP = "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
LIMITS, CLOSED = "limits", "closed"  # keys of the store's table `meta`


class HouseRules:
    """Every attribute may be read and set from any thread; who may set one, rights.py says."""

    def __init__(self, store: Store):
        self._store = store
        kept = dict(store.rows("SELECT key, value FROM meta WHERE key IN (?, ?)", LIMITS, CLOSED))
        try:
            given = json.loads(kept.get(LIMITS) or "{}")
        except ValueError:
            given = {}
        self._limits = readable(given if isinstance(given, dict) else {})
        self._closed = kept.get(CLOSED) == "1"

    @property
    def limits(self) -> Limits:
        """What holds now."""
        return self._limits

    def now(self) -> Limits:
        """`limits`, for whoever asks again and again."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        self._store.put(KEEP, LIMITS, limits.model_dump_json(exclude_defaults=True))

    @property
    def closed(self) -> bool:
        """Whether nothing new begins, but for whoever keeps the server."""
        return self._closed

    @closed.setter
    def closed(self, closed: bool) -> None:
        self._closed = closed
        self._store.put(KEEP, CLOSED, "1" if closed else "")
