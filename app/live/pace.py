"""How often each chart asks: every second, and more rarely the more of them there are, so that a full hall costs a training
no more than a small class. One visitor counts as a few charts at most, however many they ask for.
"""

import time
from collections import Counter

EVERY = 1.0  # seconds between two questions of a chart
MOST = 15  # questions a second of all charts together
EACH = 8  # charts of one visitor that count: beyond, their own ask more rarely
FORGOTTEN = 12.0  # seconds after which a chart that has not asked is gone
RAREST = 10.0  # seconds: below FORGOTTEN


class Pace:
    """How often the charts of one server ask. Call it from one thread."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], float] = {}  # (visitor, chart) -> when it asked last
        self._charts: Counter[str] = Counter()  # of each visitor
        self._count = 0  # of charts that count

    def every(self, chart: str, visitor: str = "") -> int:
        """Milliseconds until this chart, any short text that is its visitor's own, should ask again."""
        now = time.monotonic()
        self._leave((visitor, chart))
        self._asked[visitor, chart] = now  # at the end: the first ones are the oldest
        self._change(visitor, 1)
        while now - next(iter(self._asked.values())) > FORGOTTEN:
            self._leave(next(iter(self._asked)))
        theirs = max(1.0, self._charts[visitor] / EACH)
        return round(1000 * min(RAREST, max(EVERY, self._count / MOST) * theirs))

    def _leave(self, which: tuple[str, str]) -> None:
        if self._asked.pop(which, None) is not None:
            self._change(which[0], -1)

    def _change(self, visitor: str, by: int) -> None:
        before = min(EACH, self._charts[visitor])
        self._charts[visitor] += by
        self._count += min(EACH, self._charts[visitor]) - before
        if not self._charts[visitor]:
            del self._charts[visitor]
