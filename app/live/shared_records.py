"""What many visitors of one experiment ask for alike: its records, written down and packed once for all of them.

The records of a running experiment are cut into pieces, one for each moment at which somebody looked for newer ones, and
every visitor gets whole pieces. So whoever asks again begins where a piece begins, and most answers are pieces that are
already there: how many watch costs next to nothing.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from app.live.message import columns
from app.live.pace import FORGOTTEN
from app.live.packing import Part, compact

OVER = 64 * 2**20  # bytes of what has ended that are kept at hand
MOMENT = 0.5  # seconds for which nobody looks for newer records of a running experiment

Which = tuple[str, int]  # experiment and the number of its list of records
Read = Callable[[Which, int], np.ndarray]  # (which, number of the first) -> the table of the records from there on


class Piece(NamedTuple):
    """Some records in a row, their columns as JSON, kept while a chart may ask for them. `end`: number of the next record."""

    end: int
    part: Part
    made: float


@dataclass
class Seen:
    """How many records of a list somebody has seen, when that was, and the pieces by where they begin."""

    reached: int
    when: float = 0.0
    pieces: dict[int, Piece] = field(default_factory=dict)


class SharedRecords:
    """The records of all experiments that are watched, in pieces. Any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Which, Seen] = {}
        self._over: OrderedDict[tuple[Which, int], Part] = OrderedDict()  # all records of what has ended, by its last step

    def since(self, which: Which, start: int, read: Read, running: bool, step: int = 0) -> list[Part]:
        """Pieces of JSON: the columns of records in a row, the first of which begin at record `start`.

        `running`: more will come, so that a moment's delay loses nothing; `step`: at which the experiment is.
        """
        if not running:
            with self._lock:
                self._seen.pop(which, None)
                whole = self._over.get((which, step)) if start == 0 else None
            if whole is not None:
                return [whole]
            records = read(which, start)
            made = [_part(records, start)] if len(records) else []
            if made and start == 0:
                self._keep((which, step), made[0])
            return made
        seen = self._look(which, start, read)
        with self._lock:
            reached, parts, place = seen.reached, [], start
            while place < reached and (piece := seen.pieces.get(place)):
                parts.append(piece.part)
                place = piece.end
        # who has just come, or was away for long
        if place < reached and len(records := read(which, place)[: reached - place]):
            made = Piece(place + len(records), _part(records, place), time.monotonic())
            parts.append(made.part)
            with self._lock:
                seen.pieces[place] = made
        return parts

    def at_hand(self, which: Which, start: int) -> bool:
        """Whether nearly all of what there is from here on is written down, as somebody has looked at it who is still there."""
        with self._lock:
            seen = self._seen.get(which)
            return seen is not None and start in seen.pieces

    def _keep(self, key: tuple[Which, int], part: Part) -> None:
        """Have it at hand for those who look at the same one; the oldest go."""
        with self._lock:
            self._over[key] = part
            while sum(len(one.text) + len(one.packed) for one in self._over.values()) > OVER:
                self._over.popitem(last=False)

    def _look(self, which: Which, start: int, read: Read) -> Seen:
        """Make a piece of the newest records, if the last one is a moment old."""
        now = time.monotonic()
        with self._lock:
            self._forget(now)
            seen = self._seen.get(which) or Seen(start)
            place = seen.reached
            if now - seen.when < MOMENT and start <= place:
                return seen
        if len(records := read(which, place)):
            made = Piece(place + len(records), _part(records, place), now)
            with self._lock:
                seen = self._seen.setdefault(which, seen)
                if seen.reached == place:  # nobody was quicker
                    seen.pieces[place], seen.reached, seen.when = made, made.end, now
        return seen

    def _forget(self, now: float) -> None:
        """Drop what no chart that still asks can want."""
        self._seen = {which: seen for which, seen in self._seen.items() if now - seen.when < FORGOTTEN}
        for seen in self._seen.values():
            seen.pieces = {start: piece for start, piece in seen.pieces.items() if now - piece.made < FORGOTTEN}


def _part(records: np.ndarray, start: int) -> Part:
    return Part(compact(columns(records, start)))
