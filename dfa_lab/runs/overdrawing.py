"""Overdrawing: what a visitor trains pauses once theirs take more of the disk than they may; nothing is lost, and others go on.

That is more than one visitor's limit, or, where the quota of all is reached, more than an equal part of it. What begins is
refused (quota.py), but a training without end fills a disk by itself.
"""

from collections.abc import Callable

from dfa_lab.machine.disk_room import human
from dfa_lab.machine.watch import Watch
from dfa_lab.runs.archive import Archive
from dfa_lab.runs.limits import ASK, MEGABYTE, Limits
from dfa_lab.runs.live import ACTIVE
from dfa_lab.runs.lives import Lives

EVERY = 10.0  # seconds between two looks
WHY = "It was paused, as "
DO = f"remove some on the page Experiments, and for good under Free space there, then resume it, {ASK}."
PAUSED = f"{WHY}your experiments take {{}} of this server's disk, of the {{}} that one visitor's may: {DO}"
CROWDED = (
    f"{WHY}the runs of this server take all of the {{}} that they may (--quota), and your experiments {{}} of it, more than an "
    f"equal part for each visitor: {DO}"
)


class Overdrawing:
    """Every method may be called from any thread."""

    def __init__(self, lives: Lives, archive: Archive, limits: Callable[[], Limits], pause: Callable[[str], None]):
        self._lives, self._shares, self._quota = lives, archive.shares, archive.quota
        self._limits, self._pause = limits, pause
        self._watch = Watch("overdrawing", lambda: EVERY, lives.lock, self._concerned, self.look)

    def watch(self) -> None:
        """Look now and then, as long as a visitor trains something."""
        self._watch.begin()

    def look(self) -> None:
        """Pause what is to be paused, and take back what was said of that where there is room again."""
        for live in self._lives.all():
            if not live.owner or live.demo or live.state not in ("running", "paused"):
                continue
            why = self._why(live.owner)
            with live.lock:
                pauses = bool(why) and live.state == "running"
                if pauses:
                    live.sentence = why
                elif not why and live.sentence.startswith(WHY):
                    live.sentence = ""
            if pauses:
                self._pause(live.id)

    def _why(self, owner: str) -> str:
        """Empty, or why what this visitor trains is to pause."""
        kept, most = self._shares.of(owner), self._limits().disk * MEGABYTE
        if kept > most:
            return PAUSED.format(human(kept), human(most))
        if self._quota.most is not None and self._quota.crowded_by(owner):
            return CROWDED.format(human(self._quota.most), human(kept))
        return ""

    def _concerned(self) -> bool:
        return not self._lives.closed and any(one.owner and one.state in ACTIVE for one in self._lives.all())
