"""Controls: what people do to an experiment in memory while it trains. Nothing happens to one that is not there."""

from dfa_lab.feedback.changing import Change
from dfa_lab.runs.live import ACTIVE
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.resuming import PACE
from dfa_lab.runs.scheduler import Scheduler
from dfa_lab.runs.store.store import Store


class Controls:
    """Every method may be called from any thread, and none waits for a training step; see Manager for what they do."""

    def __init__(self, lives: Lives, store: Store, scheduler: Scheduler):
        self._lives, self._store, self._scheduler = lives, store, scheduler

    def pause(self, id: str) -> None:
        """Switch from running to paused."""
        self._scheduler.switch(id, "running", "paused")

    def resume(self, id: str) -> None:
        """Switch from paused to running."""
        self._scheduler.switch(id, "paused", "running")

    def step(self, id: str) -> None:
        """Pause, then do one step of every run."""
        self.pause(id)
        if live := self._lives.get(id):
            with live.lock:
                live.single_steps += 1
            self._scheduler.wake(live)

    def epoch(self, id: str) -> None:
        """Do every step to the end of the present epoch, then pause."""
        if (live := self._lives.get(id)) and live.trainer is not None:
            self.pause(id)
            self._scheduler.switch(id, "paused", "running", to_end_of_epoch=True)

    def stop(self, id: str) -> None:
        """End the experiment."""
        live = self._lives.get(id)
        if live and live.state in ACTIVE:
            self._scheduler.finish(live, "stopped", "")

    def set_learning_rate(self, id: str, rate: float) -> None:
        """Set the rate from the next step on."""
        live = self._lives.get(id)
        if live and live.state in ACTIVE:
            with live.lock:
                live.learning_rate = rate
            self._store.add_event(id, "knob", f"learning_rate = {rate:g}")

    def change_feedback(self, id: str, change: Change) -> None:
        """Have the feedback changed before the next step."""
        live = self._lives.get(id)
        if live and live.state in ACTIVE:
            with live.lock:
                live.changes.append(change)
            self._scheduler.wake(live)

    def set_pace(self, id: str, pace: float) -> None:
        """Do at most this many steps a second; 0: as fast as it goes."""
        if live := self._lives.get(id):
            with live.lock:
                live.pace = pace
                live.halt_clock()
            self._store.add_event(id, PACE, str(pace))
            self._scheduler.wake(live)
