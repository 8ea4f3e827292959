"""What many visitors of one experiment ask for alike: its records, written down once for all of them.

A class that watches one experiment asks for almost the same records within the same second. They agree on how far these
reach for a moment, so that they ask for exactly the same, and the text is made once.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.view import columns
from dfa_lab.records import Record

MOMENT = 0.25  # seconds for which nobody looks for newer records of a running experiment


class Moment(NamedTuple):
    """Of one experiment: when it was looked at, how many records there were, and the texts by where they begin."""

    when: float
    reached: int
    texts: dict[int, str]


class SharedRecords:
    """For any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moments: dict[str, Moment] = {}

    def since(self, id: str, start: int, read: Callable[[str, int], Sequence[Record]], running: bool) -> str:
        """JSON of the columns that begin at record `start`.

        `running`: more will come, so that a moment's delay loses nothing.
        """
        now = time.monotonic()
        with self._lock:
            moment = self._moments.get(id)
            if not running or moment is None or now - moment.when >= MOMENT or moment.reached < start:
                moment = None
            elif start in moment.texts:
                return moment.texts[start]
        records = read(id, start)
        if moment is not None:
            records = records[: moment.reached - start]
        text = json.dumps(columns(records, start), separators=(",", ":"))
        with self._lock:
            if moment is None:
                self._moments = {other: one for other, one in self._moments.items() if now - one.when < MOMENT}
                moment = self._moments[id] = Moment(now, start + len(records), {})
            moment.texts[start] = text
        return text
