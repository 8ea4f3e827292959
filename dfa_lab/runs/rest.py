"""Rest: once nobody trains any more, memory that training has used is handed back to the system."""

import gc

from dfa_lab.machine.allocator import give_back
from dfa_lab.machine.watch import Watch
from dfa_lab.runs.live import ACTIVE
from dfa_lab.runs.lives import Lives

EVERY = 1.0  # seconds between two looks


class Rest:
    """Every method may be called from any thread."""

    def __init__(self, lives: Lives):
        self._lives, self._owed = lives, False
        self._watch = Watch("rest", lambda: EVERY, lives.lock, self._concerned, self._look)

    def watch(self) -> None:
        """Something trains or has ended: look now and then, until nothing but the demonstration trains."""
        with self._lives.lock:
            self._owed |= self._busy()
        self._watch.begin()

    def _look(self) -> None:
        with self._lives.lock:
            if self._busy():
                return
            self._owed = False
        gc.collect()  # networks and figures whose parts hold each other: they are many, and their turn comes late
        give_back()

    def _busy(self) -> bool:
        """Whether anything but the demonstration trains, or has not let go of its networks."""
        return any(not one.demo and (one.trainer is not None or one.state in ACTIVE) for one in self._lives.all())

    def _concerned(self) -> bool:
        return self._owed and not self._lives.closed
