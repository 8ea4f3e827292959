"""The turns of those who read what has ended: one at a time, with pauses, so that readers do not slow what is being trained."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.live.rates import SECONDS, Allowance

T = TypeVar("T")
EACH = 2  # readings of one visitor that wait
MOST = 64  # of all
PAUSE = 3.0  # times what a reading took that nobody reads after it: all together take a quarter of one processor
LEAST = 0.1  # seconds that count for each: what is at hand has to be sent all the same
SHORT = 0.02  # seconds; what takes no longer needs no pause


class TooMuch(Exception):
    """Somebody has read too much for now."""

    def __init__(self, seconds: float):
        """`seconds`: until they may again."""
        super().__init__(f"Too much was read at once from this browser or address: try again in {seconds:.0f} s.")
        self.seconds = seconds


class Reading:
    """Call it from one loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._wait: Counter[str] = Counter()  # of each visitor, those that read included
        self._seconds = Allowance(*SECONDS)
        self._next = 0.0  # time.monotonic() from which on somebody may read

    async def read(self, visitor: str, read: Callable[[], Awaitable[T]]) -> T:
        """What `read` gives, in turn. Raises TooMuch, with a sentence."""
        if wait := self._seconds.wait(visitor):
            raise TooMuch(max(1.0, wait))
        if self._wait[visitor] >= EACH or self._wait.total() >= MOST:
            raise TooMuch(1.0)
        self._wait[visitor] += 1
        try:
            async with self._turn:
                await asyncio.sleep(max(0.0, self._next - time.monotonic()))
                began = time.monotonic()
                try:
                    return await read()
                finally:
                    took = time.monotonic() - began
                    self._seconds.take(visitor, max(LEAST, took))
                    self._next = time.monotonic() + (PAUSE * took if took > SHORT else 0.0)
        finally:
            self._wait[visitor] -= 1
            if not self._wait[visitor]:
                del self._wait[visitor]
