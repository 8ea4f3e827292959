"""What many visitors of one experiment ask for alike: its records, written down and packed once for all of them.

The records of a running experiment are cut into pieces, one for each moment at which somebody looked for newer ones, and
every visitor gets whole pieces. So whoever asks again begins where a piece begins, and most answers are pieces that are
already there: how many watch costs next to nothing.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from app.live.message import columns
from app.live.pace import FORGOTTEN
from app.live.packing import Part, compact

OVER = 64 * 2**20  # bytes of what has ended that are kept at hand
MOMENT = 0.5  # seconds for which nobody looks for newer records of a running experiment
LARGEST = 10_000  # records of a piece

Which = tuple[str, int]  # experiment and the number of its list of records
Read = Callable[[Which, int], np.ndarray]  # (which, number of the first) -> the table of the records from there on


class Piece(NamedTuple):
    """Some records in a row, their columns as JSON, kept while a chart may ask for them."""

    start: int  # number of the first record
    end: int  # number of the next one
    part: Part
    made: float


@dataclass
class Seen:
    """How many records of a list somebody has seen, when that was, and the pieces by where they begin."""

    reached: int
    when: float = 0.0
    pieces: dict[int, Piece] = field(default_factory=dict)
    looking: threading.Lock = field(default_factory=threading.Lock)  # for newer records, one at a time
    filling: threading.Lock = field(default_factory=threading.Lock)  # in what newcomers lack: the second of them finds it there


class SharedRecords:
    """The records of all experiments that are watched, in pieces. Any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[Which, Seen] = {}
        self._over: OrderedDict[tuple[Which, int], list[Part]] = OrderedDict()  # what has ended, whole, by its last step

    def follows(self, which: Which, start: int) -> bool:
        """Whether who has the records before `start` is up to date, so that `since` takes no time."""
        with self._lock:
            seen = self._seen.get(which)
            return seen is not None and (start == seen.reached or start in seen.pieces)

    def since(self, which: Which, start: int, read: Read, running: bool, step: int = 0) -> list[Part]:
        """Pieces of JSON: the columns of records in a row, the first of which begin at record `start`.

        `running`: more will come, so that a moment's delay loses nothing; `step`: at which the experiment is.
        """
        if not running:
            with self._lock:
                self._seen.pop(which, None)
                whole = self._over.get((which, step)) if start == 0 else None
            if whole is not None:
                return whole
            made = [piece.part for piece in _pieces(read(which, start), start)]
            if made and start == 0:
                self._keep((which, step), made)
            return made
        seen = self._look(which, start, read)
        parts, place = self._there(seen, start)
        if place < seen.reached:  # who has just come, or was away for long
            with seen.filling:
                parts, place = self._there(seen, start)
                records = read(which, place)[: max(0, seen.reached - place)]
                for piece in _pieces(records, place):
                    with self._lock:
                        seen.pieces[piece.start] = piece
                    parts.append(piece.part)
        return parts

    def _keep(self, key: tuple[Which, int], parts: list[Part]) -> None:
        """Have them at hand for those who look at the same one; the oldest go."""
        with self._lock:
            self._over[key] = parts
            while sum(len(one.text) + len(one.packed) for kept in self._over.values() for one in kept) > OVER:
                self._over.popitem(last=False)

    def _there(self, seen: Seen, start: int) -> tuple[list[Part], int]:
        """The pieces that are there from `start` on, one after the other, and where they end."""
        with self._lock:
            parts, place = [], start
            while place < seen.reached and (piece := seen.pieces.get(place)):
                parts.append(piece.part)
                place = piece.end
            return parts, place

    def _look(self, which: Which, start: int, read: Read) -> Seen:
        """Make pieces of the newest records, if the last one is a moment old."""
        with self._lock:
            self._forget(time.monotonic())
            seen = self._seen.setdefault(which, Seen(start))
        if self._fresh(seen, start):
            return seen
        with seen.looking:
            if self._fresh(seen, start):  # somebody was quicker
                return seen
            now = time.monotonic()
            for piece in _pieces(read(which, seen.reached), seen.reached):
                with self._lock:
                    seen.pieces[piece.start], seen.reached, seen.when = piece, piece.end, now
            with self._lock:
                if not seen.pieces and self._seen.get(which) is seen:  # `start` may be a number that nobody can have
                    del self._seen[which]
        return seen

    def _fresh(self, seen: Seen, start: int) -> bool:
        with self._lock:
            return time.monotonic() - seen.when < MOMENT and start <= seen.reached

    def _forget(self, now: float) -> None:
        """Drop what no chart that still asks can want."""
        wanted = {which: seen for which, seen in self._seen.items() if not seen.pieces or now - seen.when < FORGOTTEN}
        self._seen = wanted  # those without a piece get their first one just now
        for seen in self._seen.values():
            seen.pieces = {start: piece for start, piece in seen.pieces.items() if now - piece.made < FORGOTTEN}


def _pieces(records: np.ndarray, start: int) -> Iterator[Piece]:
    """Pieces of at most LARGEST records: written down, a record takes a few hundred bytes for a moment."""
    for place in range(0, len(records), LARGEST):
        some = records[place : place + LARGEST]
        first = start + place
        yield Piece(first, first + len(some), Part(compact(columns(some, first))), time.monotonic())
