"""Manager: starts experiments, keeps them running without a page, and answers every reader with copies."""

import atexit
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from dfa_lab.feedback.changing import Change
from dfa_lab.records import Record
from dfa_lab.runs.access import GONE, Gone, glimpse
from dfa_lab.runs.continuing import Branching
from dfa_lab.runs.demo import demonstration
from dfa_lab.runs.live import ACTIVE, ENDED, Live, Status
from dfa_lab.runs.record_list import RecordList
from dfa_lab.runs.replay.replays import Replays
from dfa_lab.runs.resuming import ContinueError, automatic, status_of
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train import saved
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.trainer import Trainer

T = TypeVar("T")
DEMO_PAUSE = 8.0  # seconds that a finished demonstration stays on screen before it starts again
CLOSING = 10.0  # seconds for bringing steps to their end when the server stops, so that they can be written down


class Manager(Branching):
    """One a server. Every method may be called from any thread; none but `close` and `look` waits for a training step."""

    def __init__(self, folder: Path, *, resume: bool = True, quota: str = ""):
        """`resume`: what was interrupted goes on where it does so by itself (resuming.py). `quota`: a size, see quota.py."""
        super().__init__(folder, quota)
        self._demos = 0
        self.replays = Replays(self.store, self.snapshots, self.checkpoints, self.records, self.newest)
        for stored in self.store.experiments():
            if stored.demo and stored.state in ENDED:  # of a server that was stopped
                self.store.delete(stored.id)
        for id in [] if self.store.problem else self.snapshots.ids():
            if (stored := self.store.get(id)) is None:
                self.snapshots.remove(id)
            elif stored.state not in ACTIVE:
                self.snapshots.tidy(id)
        for id in [] if self.store.problem else self.checkpoints.half_written():
            if (stored := self.store.get(id)) is None or stored.state not in ACTIVE:
                self.checkpoints.tidy(id)
        atexit.register(self.close)
        for stored, step in automatic(self.store, self.checkpoints) if resume else ():
            with suppress(ContinueError):  # another server was faster
                self._take_up(stored, step)

    @property
    def problem(self) -> str:
        """Empty, or why runs are not being kept as they should be, for a person."""
        return self.store.problem or self.checkpoints.problem or self.snapshots.problem or self.quota.problem

    def start(
        self,
        experiment: Experiment,
        *,
        paused: bool = False,
        pace: float = 0.0,
        demo: bool = False,
        title: str = "",
        keep: bool = False,
    ) -> str:
        """Begin an experiment and return its id at once; its data are loaded in a thread of their own.

        `keep`: checkpoints are written, so that it can be continued after the server was stopped or killed; it then
        waits, queued, while MOST_KEPT_RUNNING others of this kind run on its device.
        Raises SettingsError, with a sentence, while MOST_ACTIVE others are running or paused, and where a run of the
        name in `save` is kept already.
        """
        live = Live(uuid.uuid4().hex[:10], experiment, demo, pace=pace, begin_paused=paused, queues=keep)
        live.keep = keep or bool(experiment.save)
        if experiment.save:
            saved.claim(
                experiment.save, None, taken=[one.experiment.save for one in self._lives.values() if one.state in ACTIVE]
            )
        return self._begin(live, None, title)

    def continue_stored(self, id: str) -> None:
        """Take up an experiment that was stopped or interrupted from its checkpoint, as if it had not been.

        It keeps its id; what was measured after the checkpoint is measured again. Nothing happens if it is active.
        Raises KeyError if there is no such experiment, and ContinueError, with a sentence, if it cannot be continued.
        """
        if (live := self._lives.get(id)) and self._undo_stop(live):
            return
        stored = self.store.get(id)
        if stored is None:
            raise KeyError(id)
        if stored.state in ACTIVE:
            raise ContinueError("Another server that keeps its runs in this folder is busy with it.")
        if stored.state == "finished":
            raise ContinueError("It is finished.")
        if stored.experiment is None:
            raise ContinueError("Its settings are those of another version of the lab.")
        try:
            step = self.checkpoints.step(id, stored.experiment)
        except CheckpointError as error:
            raise ContinueError(str(error)) from error
        self._take_up(stored, step)
        self.replays.forget(id)  # it may take another way now

    def delete(self, id: str) -> None:
        """Stop it and remove everything there is of it, unless another live server is busy with it."""
        with self._lock:
            live = self._lives.pop(id, None)
        if live is not None:
            live.keep = False
            self._finish(live, "stopped", "")
        self.store.delete(id)
        if self.store.get(id) is None:
            self.checkpoints.remove(id)
            self._forget(id)

    def fork(self, id: str, *, paused: bool) -> str:
        """A copy of a running experiment that goes on by itself from the same step; of an ended one, a fresh start.

        Raises KeyError if there is no such experiment.
        """
        live = self._lives.get(id)
        if live is None or live.trainer is None:
            status = self.status(id)
            if status is None:
                raise KeyError(id)
            return self.start(status.experiment.model_copy(update={"save": ""}), paused=paused)
        unsaved = live.experiment.model_copy(update={"save": ""})  # the name is the original's
        copy = Live(uuid.uuid4().hex[:10], unsaved, False, pace=live.pace, begin_paused=paused)
        return self._begin(copy, live, "")

    def pause(self, id: str) -> None:
        """Also one that waits or whose data are still being loaded: it then begins paused."""
        self._switch(id, "running", "paused")

    def resume(self, id: str) -> None:
        """Also one that waits or whose data are still being loaded: it then does not begin paused."""
        self._switch(id, "paused", "running")

    def step(self, id: str) -> None:
        """One step of every run; pauses first."""
        self.pause(id)
        if live := self._lives.get(id):
            with live.lock:
                live.single_steps += 1
            self._wake(live)

    def epoch(self, id: str) -> None:
        """Every step to the end of the present epoch, then pause. Nothing happens before its data are loaded."""
        if (live := self._lives.get(id)) and live.trainer is not None:
            self.pause(id)
            self._switch(id, "paused", "running", to_end_of_epoch=True)

    def stop(self, id: str) -> None:
        """End it; what was measured stays, and so does the checkpoint, which is written once the step in hand is done."""
        live = self._lives.get(id)
        if live and live.state in ACTIVE:
            self._finish(live, "stopped", "")

    def set_learning_rate(self, id: str, rate: float) -> None:
        """From the next step on. The rate must have passed `parse`."""
        live = self._lives.get(id)
        if live and live.state in ACTIVE:
            with live.lock:
                live.learning_rate = rate
            self.store.add_event(id, "knob", f"learning_rate = {rate:g}")

    def change_feedback(self, id: str, change: Change) -> None:
        """Before the next step; one of no effect where no rule has such feedback. The event names the step."""
        live = self._lives.get(id)
        if live and live.state in ACTIVE:
            with live.lock:
                live.changes.append(change)
            self._wake(live)

    def set_pace(self, id: str, pace: float) -> None:
        """At most this many steps a second; 0: as fast as it goes."""
        if live := self._lives.get(id):
            with live.lock:
                live.pace = pace
                live.halt_clock()
            self._wake(live)

    def status(self, id: str) -> Status | None:
        """A snapshot of an experiment of this server or of the store; None if there is no such."""
        if live := self._lives.get(id):
            with live.lock:
                return live.status()
        stored = self.store.get(id)
        return None if stored is None else status_of(stored, self.store)

    def in_memory(self, id: str) -> bool:
        """Whether its status and records are at hand without the store."""
        return id in self._lives

    def record_list(self, id: str) -> int:
        """The number of the list in memory, 0 where the records are in the store alone. It becomes another one when records are
        taken back, as an experiment goes on from an earlier step."""
        live = self._lives.get(id)
        return live.records.number if live else 0

    def records(self, id: str, since: int = 0) -> list[Record]:
        """A copy of the records from number `since` on."""
        if live := self._lives.get(id):
            return live.records[since:]
        return self.store.records(id, since)

    def record_table(self, id: str, since: int = 0) -> np.ndarray:
        """The same as columns (record_list.COLUMNS), without an object for each: for whoever asks for many again and again."""
        if live := self._lives.get(id):
            return live.records.table(since)
        return RecordList(self.store.records(id, since)).table()

    def last(self, id: str, metric: str, runs: int) -> list[Record]:
        """The last record of a metric of the whole network for each run, but none of step 0."""
        live = self._lives.get(id)
        if live is None:
            return self.store.last(id, metric, runs)
        found: dict[int, Record] = {}
        for number in range(len(live.records) - 1, -1, -1):
            record = live.records[number]
            if record.step == 0 or len(found) == runs:
                break
            if record.metric == metric and record.layer is None:
                found.setdefault(record.run, record)
        return [found[run] for run in sorted(found)]

    def look(self, id: str, function: Callable[[Trainer], T], wait: float | None = None) -> T:
        """`function(trainer)` between two steps, while the training waits: it takes at most some tens of milliseconds,
        changes nothing and returns copies. Who needs longer looks several times.

        A step that lasts longer than `wait` (LOOKING) seconds is not waited for: it then looks between two parts of it.
        Raises Gone, with a sentence, if there are no networks to look at.
        """
        live = self._lives.get(id)
        if live is None:
            raise Gone(GONE)
        return glimpse(live, function, wait)

    def has_networks(self, id: str) -> bool:
        """Whether `look` has something to look at, now or soon."""
        live = self._lives.get(id)
        return live is not None and (live.trainer is not None or live.state in ("queued", "loading"))

    def reached(self, status: Status) -> int:
        """The last step that can be replayed: of one that failed, the last whose weights gave a finite loss in the next."""
        if status.state != "failed":
            return status.step
        return max(0, newest.step - 1) if (newest := self.newest(status.id)) else 0

    def newest(self, id: str) -> Record | None:
        """The last record."""
        if live := self._lives.get(id):
            return live.records[-1] if live.records else None
        return next(iter(self.store.records(id, since=self.store.count(id) - 1)), None)

    def _forget(self, id: str) -> None:
        self.snapshots.remove(id)
        self.replays.forget(id)

    def demo(self) -> str:
        """The demonstration that newcomers share. Started when first asked for, and again a while after it has ended."""
        with self._lock:
            live = self._lives.get(self._demo or "")
            if live is None or (live.state in ENDED and time.monotonic() - live.ended > DEMO_PAUSE):
                if live is not None:
                    self._lives.pop(live.id)
                    self.store.delete(live.id)
                    self._forget(live.id)
                experiment, pace = demonstration(seed=self._demos)
                self._demos += 1
                self._demo = self.start(experiment, pace=pace, demo=True)
            assert self._demo is not None
            return self._demo

    def close(self) -> None:
        """Stop the threads and write what is left."""
        atexit.unregister(self.close)
        with self._lock:
            self._closed = True
            self.replays.close()
            workers, lives = list(self._workers.values()), list(self._lives.values())
        for worker in workers:
            worker.close()
        over = time.monotonic() + CLOSING
        for live in lives:
            if live.keep and live.trainer is not None:
                self._write_down(live, live.trainer, over)
            self._ended(live, "interrupted", f"The server stopped at step {live.status().step}.")
        self.snapshots.close()
        self.store.close()
