"""How much the folder of runs may take, and what goes first where that is reached: snapshots, never records or settings."""

import re
import threading
import time
from pathlib import Path

from dfa_lab.machine.disk_room import human
from dfa_lab.runs.disk_space import measure
from dfa_lab.settings.wording import shown

NAME = "DFA_LAB_QUOTA"  # the environment variable
NEAR = 0.9  # share of the quota from which on that is said
EVERY = 10.0  # seconds between two looks at the folder
TAKE = "The runs of this server take {} without snapshots, of the {} that they may (--quota)."
NOTHING_NEW = (
    "Nothing new begins until some are removed for good under Free space on the page Experiments; what runs is recorded "
    "to its end."
)
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


class Quota:
    """What one folder may take. Every method may be called from any thread; what it takes is looked at now and then."""

    def __init__(self, folder: Path, text: str = ""):
        """`text`: a size, or empty for no limit. One that cannot be read is told in `problem`, and there is no limit."""
        self._wrong = ""
        try:
            self.most = parse_size(text)
        except QuotaError as error:
            self.most, self._wrong = None, f"{error} Until then there is no limit."
        self._folder = folder
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._kept = self._snapshots = 0  # bytes

    def room(self) -> int | None:
        """Bytes that all snapshots together may take; None: no limit."""
        return None if self.most is None else max(0, self.most - self._look()[0])

    def left(self) -> int | None:
        """Bytes that everything together may still take, looked at now; None: no limit."""
        with self._lock:
            self._looked = float("-inf")
        return None if self.most is None else max(0, self.most - self.taken())

    def taken(self) -> int:
        """Bytes of everything."""
        return sum(self._look())

    @property
    def full(self) -> str:
        """Empty, or why nothing new can be begun: records and settings alone take more than they may."""
        if self.most is None or (kept := self._look()[0]) < self.most:
            return ""
        return f"{TAKE.format(human(kept), human(self.most))} {NOTHING_NEW}"

    @property
    def problem(self) -> str:
        """Empty, or what a person should know."""
        if self.most is None or (kept := self._look()[0]) < NEAR * self.most:
            return self._wrong
        return self.full or f"{TAKE.format(human(kept), human(self.most))} {NO_PAST}"

    def _look(self) -> tuple[int, int]:
        """(all but snapshots, snapshots), as they were a short time ago."""
        with self._lock:
            if time.monotonic() - self._looked > EVERY:
                space = measure(self._folder)
                self._snapshots = space.kinds["snapshots"]
                self._kept = space.total - self._snapshots
                self._looked = time.monotonic()
            return self._kept, self._snapshots
