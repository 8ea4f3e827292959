"""The queue: what waits for a place, for memory or for its turn on a device, and begins when it has that."""

from collections.abc import Callable

from dfa_lab.machine.watch import Watch
from dfa_lab.runs.admission import SET_ASIDE, Admission
from dfa_lab.runs.live import Live
from dfa_lab.runs.lives import Lives

EVERY = 1.0  # seconds between two looks at what waits
MOST_KEPT_RUNNING = 1  # experiments with checkpoints that run at a time on a device; they are long, the others wait


class Queue:
    """Every method may be called from any thread."""

    def __init__(
        self,
        lives: Lives,
        admission: Admission,
        device: Callable[[Live], str],
        load: Callable[[Live], None],
        set_aside: Callable[[Live, str], None],
    ):
        """`load`: what begins one. `set_aside`: what ends one that was paused for long, with a sentence."""
        self._lives, self._device, self._load, self._set_aside = lives, device, load, set_aside
        self.admission = admission
        # While anything waits: memory becomes free and pauses become long without a word.
        self._watch = Watch("queue", lambda: EVERY, lives.lock, self._wanted, self.begin)

    def begin(self) -> None:
        """Load what waits and has its turn: on its device, in the order of admission."""
        with self._lives.lock:
            if (left := self.admission.to_set_aside()) is not None:
                self._set_aside(left, SET_ASIDE)
            for live in self.admission.waiting() if not self._lives.closed else ():
                busy = [one for one in self._lives.all() if one.queues and one.state in ("loading", "running")]
                if live.queues and sum(self._device(one) == self._device(live) for one in busy) >= MOST_KEPT_RUNNING:
                    continue
                if not self.admission.why_not(live):
                    self._load(live)
        self._watch.begin()

    def _wanted(self) -> bool:
        return bool(self.admission.waiting()) and not self._lives.closed
