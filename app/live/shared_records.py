"""What many visitors of one experiment ask for alike: its records, written down once for all of them.

The records of a running experiment are cut into pieces, one for each moment at which somebody looked for newer ones, and
every visitor gets whole pieces. So whoever asks again begins where a piece begins, and most answers are pieces that are
already there: how many watch costs next to nothing.
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.live.pace import FORGOTTEN
from app.view import columns
from dfa_lab.records import Record

MOMENT = 0.5  # seconds for which nobody looks for newer records of a running experiment

Read = Callable[[str, int], Sequence[Record]]  # (experiment, number of the first) -> its records from there on


class Piece(NamedTuple):
    """JSON of the columns of some records in a row; `end`: number of the next one. Kept while a chart may ask for it."""

    end: int
    text: str
    made: float


@dataclass
class Seen:
    """Of one experiment: how many records somebody has seen, when that was, and the pieces by where they begin."""

    reached: int
    when: float = 0.0
    pieces: dict[int, Piece] = field(default_factory=dict)


class SharedRecords:
    """For any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[str, Seen] = {}

    def since(self, id: str, start: int, read: Read, running: bool) -> str:
        """JSON: a list of the columns of records in a row, the first of which begin at record `start`.

        `running`: more will come, so that a moment's delay loses nothing.
        """
        if not running:
            records = read(id, start)
            return f"[{_text(records, start)}]" if records else "[]"
        self._look(id, start, read)
        with self._lock:
            seen = self._seen[id]
            reached, texts, place = seen.reached, [], start
            while place < reached and (piece := seen.pieces.get(place)):
                texts.append(piece.text)
                place = piece.end
        if place < reached:  # who has just come, or was away for long
            text = _text(read(id, place)[: reached - place], place)
            texts.append(text)
            with self._lock:
                seen.pieces[place] = Piece(reached, text, time.monotonic())
        return f"[{','.join(texts)}]"

    def _look(self, id: str, start: int, read: Read) -> None:
        """Make a piece of the newest records, if the last one is a moment old."""
        now = time.monotonic()
        with self._lock:
            self._forget(now)
            seen = self._seen.setdefault(id, Seen(start))
            if now - seen.when < MOMENT and start <= seen.reached:
                return
            seen.when, place = now, seen.reached
        if records := read(id, place):
            made = Piece(place + len(records), _text(records, place), now)
            with self._lock:
                if seen.reached == place:  # nobody was quicker
                    seen.pieces[place], seen.reached = made, made.end

    def _forget(self, now: float) -> None:
        """What no chart that still asks can want."""
        self._seen = {id: seen for id, seen in self._seen.items() if now - seen.when < FORGOTTEN}
        for seen in self._seen.values():
            seen.pieces = {start: piece for start, piece in seen.pieces.items() if now - piece.made < FORGOTTEN}


def _text(records: Sequence[Record], start: int) -> str:
    return json.dumps(columns(records, start), separators=(",", ":"))
