"""How much the folder of runs may take, and each visitor of it; snapshots go first, never records or settings."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dfa_lab.machine.disk_room import human
from dfa_lab.runs.disk_space import measure
from dfa_lab.runs.limits import ASK, MEGABYTE, Limits
from dfa_lab.runs.shares import Shares
from dfa_lab.settings.wording import shown

NAME = "DFA_LAB_QUOTA"  # the environment variable
NEAR = 0.9  # share of the quota from which on that is said
EVERY = 10.0  # seconds between two looks at the folder
TAKE = "The runs of this server take {} without snapshots, of the {} that they may (--quota)."
NOTHING_NEW = (
    "Nothing new begins until some are removed for good under Free space on the page Experiments; what runs is recorded "
    "to its end."
)
FREE_SOME = f"remove some on the page Experiments, and for good under Free space there, {ASK}."
NO_ROOM = (
    "Its checkpoints would take up to {} of the disk while they are written, and {} may take {} more{} beside what runs: take "
    f"fewer or smaller networks, wait until something has ended, or {FREE_SOME}"
)
OWN_FULL = f"Your experiments take {{}} of this server's disk, of the {{}} that one visitor's may: {FREE_SOME}"
MORE_THAN_OTHERS = f"Yours take {{}} of it, more than an equal part for each visitor: {FREE_SOME}"
NO_PAST = "Past steps of old experiments are no longer kept: remove some for good under Free space on the page Experiments."
UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}


class QuotaError(ValueError):
    """A text that is no size; the sentence says what is one."""


def parse_size(text: str) -> int | None:
    """Bytes of "20GB", "500 MB" or "1.5tb"; None for an empty text, which is no limit. Raises QuotaError."""
    if not text.strip():
        return None
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,6})?) ?([kmgt]?b)?", text.strip().lower())
    if found is None or float(found[1]) == 0:
        raise QuotaError(f"The quota is {shown(text)}: give a size above 0 such as 500MB, 20GB or 1.5TB.")
    return round(float(found[1]) * UNITS[found[2] or ""])


@dataclass(frozen=True)
class EachOwner:
    """What each takes, what a visitor may, and `whose` that is which is begun in the thread that calls; "": no visitor's."""

    shares: Shares
    limits: Callable[[], Limits]
    whose: Callable[[], str]


class Room(NamedTuple):
    """Bytes that may be added, whose limit that is, and what sets it."""

    bytes: int
    whose: str
    by: str


class _Visitor(NamedTuple):
    """What the experiments of one take and may take, and an equal part of the quota, in bytes."""

    kept: int
    most: int
    part: int | None


class Quota:
    """What one folder may take. Every method may be called from any thread; what it takes is looked at now and then."""

    def __init__(self, folder: Path, text: str = "", each: EachOwner | None = None):
        """`text`: a size, or empty for no limit. One that cannot be read is told in `problem`, and there is no limit.

        Without `each` everything is one person's.
        """
        self._each = each
        self._wrong = ""
        try:
            self.most = parse_size(text)
        except QuotaError as error:
            self.most, self._wrong = None, f"{error} Until then there is no limit."
        self._folder = folder
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._kept = self._snapshots = 0  # bytes
        self.promised: Callable[[str | None], int] = lambda _: 0  # bytes still to be written, of one owner or of all

    def room(self) -> int | None:
        """Bytes that all snapshots together may take; None: no limit."""
        return None if self.most is None else max(0, self.most - self._look()[0] - self.promised(None))

    def left(self) -> Room | None:
        """What whoever acts may still add, looked at now: of what everything together may take, or at least of an equal part,
        and of what one visitor's may. None: no limit."""
        self._look_anew()
        return self._room(self.taken(), self._acting())

    def refusal(self, wanted: int, owner: str | None = None) -> str:
        """Empty, or why this owner, or whoever acts, can begin nothing that adds up to so many bytes of checkpoints.

        Looked at now. Snapshots give way, and what is promised to others does not.
        """
        self._look_anew()
        whose = self._acting() if owner is None else owner
        room = self._room(self._look()[0], whose)
        if (full := self._full(whose)) or room is None or wanted <= room.bytes:
            return full
        return NO_ROOM.format(human(wanted), room.whose, human(room.bytes), room.by)

    def crowded_by(self, owner: str) -> bool:
        """Whether everything together takes all that it may, and this visitor's experiments more than an equal part of it."""
        visitor, full = self._visitor(owner), self.most is not None and self._look()[0] >= self.most
        return bool(full and visitor and visitor.part is not None and visitor.kept > visitor.part)

    def taken(self) -> int:
        """Bytes of everything."""
        return sum(self._look())

    @property
    def full(self) -> str:
        """Empty, or why whoever acts can begin nothing new: records and settings alone take more than they may.

        A visitor is refused for what their own take, and not for what others' do.
        """
        return self._full(self._acting())

    @property
    def problem(self) -> str:
        """Empty, or what a person should know."""
        if full := self.full:
            return full
        if self.most is None or (kept := self._look()[0]) < NEAR * self.most:
            return self._wrong
        return f"{TAKE.format(human(kept), human(self.most))} {NO_PAST}"

    def _acting(self) -> str:
        """The visitor who acts; "": whoever keeps the server."""
        return self._each.whose() if self._each else ""

    def _full(self, owner: str) -> str:
        visitor = self._visitor(owner)
        if visitor and visitor.kept >= visitor.most:
            return OWN_FULL.format(human(visitor.kept), human(visitor.most))
        if self.most is None or (kept := self._look()[0]) < self.most:
            return ""
        taken = TAKE.format(human(kept), human(self.most))
        if visitor is None or visitor.part is None:
            return f"{taken} {NOTHING_NEW}"
        return "" if visitor.kept < visitor.part else f"{taken} {MORE_THAN_OTHERS.format(human(visitor.kept))}"

    def _room(self, taken: int, owner: str) -> Room | None:
        """What this owner may add where everything takes so much."""
        left, visitor = None if self.most is None else max(0, self.most - taken - self.promised(None)), self._visitor(owner)
        promised = self.promised(owner) if visitor else 0
        all_of_them = left
        if visitor and visitor.part is not None:
            all_of_them = max(left or 0, visitor.part - visitor.kept - promised)
        own = None if visitor is None else max(0, visitor.most - visitor.kept - promised)
        if own is not None and (all_of_them is None or own < all_of_them):
            return Room(own, "your experiments", "")
        return None if all_of_them is None else Room(all_of_them, "the runs of this server", " (--quota)")

    def _visitor(self, owner: str) -> "_Visitor | None":
        """What a visitor's take; of whoever keeps the server, None."""
        if self._each is None or not owner:
            return None
        shares, limits = self._each.shares, self._each.limits()
        part = None if self.most is None else shares.equal_part(self.most, owner)
        return _Visitor(shares.of(owner), limits.disk * MEGABYTE, part)

    def _look_anew(self) -> None:
        with self._lock:
            self._looked = float("-inf")
        if self._each:
            self._each.shares.anew()

    def _look(self) -> tuple[int, int]:
        """(all but snapshots, snapshots), as they were a short time ago."""
        with self._lock:
            if time.monotonic() - self._looked > EVERY:
                space = measure(self._folder)
                self._snapshots = space.kinds["snapshots"]
                self._kept = space.total - self._snapshots
                self._looked = time.monotonic()
            return self._kept, self._snapshots
