"""How much one visitor may ask for: so much at once, and so much a second after that."""

import time
from collections import OrderedDict

FORGET = 4096  # visitors after whom those are forgotten who asked longest ago
QUESTIONS = (60.0, 16.0)  # at once, and a second; eight charts that do as they are told ask eight times a second
SECONDS = (3.0, 0.2)  # of reading what has ended, at once and a second


class Allowance:
    """What each visitor has left of something. Call it from one thread."""

    def __init__(self, most: float, a_second: float):
        self._most, self._a_second = most, a_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # visitor -> what they had, and when

    def wait(self, visitor: str) -> float:
        """Seconds until this visitor may ask again; 0 for now."""
        return max(0.0, -self._now(visitor) / self._a_second)

    def take(self, visitor: str, amount: float) -> None:
        """Note that they had so much. It may be more than was left, as one knows only afterwards what something took."""
        self._left[visitor] = self._now(visitor) - amount, time.monotonic()
        self._left.move_to_end(visitor)
        if len(self._left) > FORGET:
            self._left.popitem(last=False)

    def _now(self, visitor: str) -> float:
        had, when = self._left.get(visitor, (self._most, 0.0))
        return min(self._most, had + self._a_second * (time.monotonic() - when))
