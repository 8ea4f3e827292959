"""Watch: something is looked at now and then, in a thread of its own, for as long as it concerns anybody."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager


class Watch:
    """Every method may be called from any thread."""

    def __init__(
        self,
        name: str,
        every: Callable[[], float],
        lock: AbstractContextManager,
        concerns: Callable[[], object],
        look: Callable[[], None],
    ):
        """`name`: of the thread. `every`: seconds between two looks. `lock`: held while `concerns` is asked, but no look."""
        self._name, self._every, self._lock, self._concerns, self._look = name, every, lock, concerns, look
        self._watching = False

    def begin(self) -> None:
        """Watch, unless that is done already or concerns nobody."""
        with self._lock:
            if self._watching or not self._concerns():
                return
            self._watching = True
        threading.Thread(target=self._work, name=self._name, daemon=True).start()

    def _work(self) -> None:
        while True:
            time.sleep(self._every())
            with self._lock:
                if not self._concerns():
                    self._watching = False
                    return
            self._look()
