"""Overdrawing: what a visitor trains pauses once theirs take more of the disk than they may; nothing is lost, and others go on.

What begins is refused (quota.py), but a training without end fills a disk by itself.
"""

from collections.abc import Callable

from dfa_lab.machine.disk_room import human
from dfa_lab.machine.watch import Watch
from dfa_lab.runs.limits import ASK, MEGABYTE, Limits
from dfa_lab.runs.live import ACTIVE
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.shares import Shares

EVERY = 10.0  # seconds between two looks
PAUSED = (
    "It was paused, as your experiments take {} of this server's disk, of the {} that one visitor's may: remove some on the "
    f"page Experiments, and for good under Free space there, then resume it, {ASK}."
)


class Overdrawing:
    """Every method may be called from any thread."""

    def __init__(self, lives: Lives, shares: Shares, limits: Callable[[], Limits], pause: Callable[[str], None]):
        self._lives, self._shares, self._limits, self._pause = lives, shares, limits, pause
        self._watch = Watch("overdrawing", lambda: EVERY, lives.lock, self._concerned, self.look)

    def watch(self) -> None:
        """Look now and then, as long as a visitor trains something."""
        self._watch.begin()

    def look(self) -> None:
        """Pause what is to be paused, and take back what was said of that where there is room again."""
        most = self._limits().disk * MEGABYTE
        for live in self._lives.all():
            if not live.owner or live.demo or live.state not in ("running", "paused"):
                continue
            kept = self._shares.of(live.owner)
            with live.lock:
                over = kept > most
                pauses = over and live.state == "running"
                if pauses:
                    live.sentence = PAUSED.format(human(kept), human(most))
                elif not over and live.sentence.startswith(PAUSED[:20]):
                    live.sentence = ""
            if pauses:
                self._pause(live.id)

    def _concerned(self) -> bool:
        return not self._lives.closed and any(one.owner and one.state in ACTIVE for one in self._lives.all())
