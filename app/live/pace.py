"""How often each chart asks: every second, and more rarely the more of them there are, so that a full hall costs a training
no more than a small class."""

import time

EVERY = 1.0  # seconds between two questions of a chart
MOST = 15  # questions a second of all charts together
FORGOTTEN = 12.0  # seconds after which a chart that has not asked is gone
RAREST = 10.0  # seconds: below FORGOTTEN


class Pace:
    """How often the charts of one server ask. Call it from one thread."""

    def __init__(self) -> None:
        self._asked: dict[str, float] = {}  # chart -> when it asked last

    def every(self, chart: str) -> int:
        """Milliseconds until this chart, any short text that is its own, should ask again."""
        now = time.monotonic()
        self._asked.pop(chart, None)
        self._asked[chart] = now  # at the end: the first ones are the oldest
        while now - next(iter(self._asked.values())) > FORGOTTEN:
            del self._asked[next(iter(self._asked))]
        return round(1000 * min(RAREST, max(EVERY, len(self._asked) / MOST)))
