"""Scheduler: what becomes of experiments between their start and their end: queued, loaded, trained, written down."""

import logging
import threading
import time

from dfa_lab.records import Record
from dfa_lab.runs.admission import Admission
from dfa_lab.runs.archive import Archive
from dfa_lab.runs.disk_promises import DiskPromises
from dfa_lab.runs.live import ACTIVE, ENDED, Live
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.overdrawing import Overdrawing
from dfa_lab.runs.promises import Promises
from dfa_lab.runs.queue import Queue
from dfa_lab.runs.replay import history
from dfa_lab.runs.replay.snapshots import trained
from dfa_lab.runs.rest import Rest
from dfa_lab.runs.resuming import PACE, RESUMED, place
from dfa_lab.runs.workers import Workers, device_of
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.failures import sentence
from dfa_lab.train.trainer import Trainer

log = logging.getLogger(__name__)

KEPT = 20  # ended experiments that stay in memory; older ones are read from the store
CLOSING = 10.0  # seconds for bringing steps to their end when the server stops, so that they can be written down


class Scheduler:
    """The listener of every worker. Locks are taken in the order that lives.py says."""

    def __init__(self, archive: Archive, lives: Lives, promises: Promises):
        self._archive, self._store, self._lives = archive, archive.store, lives
        self._workers = Workers(self)
        limits, aside = archive.rules.now, lambda live, why: self.finish(live, "stopped", why)
        self.queue = Queue(lives, Admission(lives, limits, promises), device_of, self._begin_waiting, aside)
        self._overdrawing = Overdrawing(lives, archive, limits, lambda id: self.switch(id, "running", "paused"))
        self._rest = Rest(lives)
        self._disk = DiskPromises(lives, archive.checkpoints.folder)
        archive.quota.promised = self._disk.left

    def begin(self, live: Live, source: Live | None, title: str) -> str:
        """Enter an experiment and have it loaded, from the state of `source` if there is one; its id. Raises SettingsError."""
        live.state = "queued" if live.queues else "loading"
        self.enter(live, may_wait=source is None, new=True)
        self._store.create(live.id, live.experiment, demo=live.demo, title=title, owner=live.owner)
        self._store.set_state(live.id, live.state)
        if live.pace:
            self._store.add_event(live.id, PACE, str(live.pace))
        self.begin_queued() if live.state == "queued" else self._begin_loading(live, source)
        return live.id

    def enter(self, live: Live, *, may_wait: bool = False, new: bool = False, owner: str | None = None) -> None:
        """Hold an experiment in memory; one that has no place yet is queued where it may wait. Raises SettingsError.

        There has to be room on the disk for its checkpoints, of what its `owner` or else whoever acts may take, but for
        what waits again, as before a restart: that is not `new`.
        """
        with self._lives.lock:
            if self._lives.closed:
                raise RuntimeError("the manager is closed")
            if not live.queues:
                self.queue.admission.enter(live, may_wait=may_wait)
            looked = not live.demo and (new or not live.queues)
            if looked and (refusal := self._archive.quota.refusal(self._disk.wanted(live), owner)):
                raise SettingsError([refusal])
            self._lives.add(live)  # one that is taken up goes to the end of the queue
            ended = [one for one in self._lives.all() if one.state in ENDED and one.trainer is None]
            for one in [one for one in ended if one.id != self._lives.demo][:-KEPT]:
                self._lives.pop(one.id)

    def undo_stop(self, live: Live) -> bool:
        """True if it is active, or becomes so again because its networks are still there."""
        with live.lock:
            if live.state in ENDED and live.trainer is not None and live.keep:
                live.state, live.sentence = "running", ""
                live.halt_clock()
                self._store.set_state(live.id, live.state)
                self._store.add_event(live.id, live.state)
            active = live.state in ACTIVE
        self.wake(live)
        return active

    def begin_queued(self) -> None:
        """Load what waits and has its turn, see Queue; something has begun or ended."""
        self.queue.begin()
        self._overdrawing.watch()
        self._rest.watch()

    def _begin_waiting(self, live: Live) -> None:
        """One that waits has its turn, unless it has been stopped meanwhile."""
        with live.lock:
            if live.state != "queued":
                return
            live.state = "loading"
            self._store.set_state(live.id, live.state)
        self._begin_loading(live, None)

    def train(self, live: Live) -> None:
        """Give an experiment to a worker, now that its networks are there."""
        self._workers.train(live)

    def wake(self, live: Live) -> None:
        """Something has changed that its worker looks at before a step."""
        self._workers.wake(live)

    def switch(self, id: str, before: str, after: str, to_end_of_epoch: bool = False) -> None:
        """Switch from one state to another, unless it is in a third. What is being loaded begins in the new state."""
        live = self._lives.get(id)
        if live is None:
            return
        with live.lock:
            if live.state in ("loading", "queued"):
                if live.begin_paused != (after == "paused"):  # a restart may come before its data are there
                    self._store.add_event(id, after)
                live.begin_paused = after == "paused"
                live.single_steps *= live.begin_paused
            if live.state != before:
                return
            live.state, live.touched = after, time.monotonic()
            live.single_steps = 0
            live.pause_at = live.end_of_epoch() if to_end_of_epoch else None
            live.halt_clock()
            self._store.set_state(id, after)
            self._store.add_event(id, after, "")
        self.wake(live)
        self.begin_queued()

    def finish(self, live: Live, state: str, why: str) -> None:
        """End an experiment; the networks stay until its worker has done the step in hand and written down the state."""
        with live.lock:
            if live.state in ENDED:
                return
            live.end(state, why)
            if not live.keep and state != "interrupted":  # nobody takes it up again
                live.survives = False
                self._archive.checkpoints.discard(live.id)
            if not live.keep and self._snap_last(live):
                live.let_go()
            self._store.set_state(live.id, state, live.sentence)
            self._store.add_event(live.id, state, live.sentence)
        self.wake(live)
        self.begin_queued()

    def load(self, live: Live) -> None:
        """Load what was entered, from its checkpoint where it continues, in a thread of its own."""
        self._begin_loading(live, None)

    def close(self) -> None:
        """Stop the workers and write down what is left; the lives are closed already."""
        over = time.monotonic() + CLOSING
        self._workers.close(CLOSING)
        for live in self._lives.all():
            if live.survives and live.trainer is not None:
                self._write_down(live, live.trainer, over)
            self.ended(live, "interrupted", f"The server stopped at step {live.status().step}.")

    # what the workers tell

    def measured(self, live: Live, records: list[Record]) -> None:
        """Have the records written."""
        self._store.add_records(live.id, records)

    def ended(self, live: Live, state: str, why: str) -> None:
        """End an experiment and let go of its networks: nothing is written down any more."""
        if state == "finished":
            self._archive.save_nets(live)
        self.finish(live, state, why)
        with live.lock:
            live.let_go()
        if live.keep and live.state == "finished" and self._store.flush():
            self._archive.checkpoints.remove(live.id)

    def save(self, live: Live) -> None:
        """Write down the state of an experiment."""
        self._archive.save(live)

    def changed(self, live: Live, text: str) -> None:
        """Write down what was changed, for people and for replays."""
        self._archive.note_change(live, text)

    def snap(self, live: Live, trainer: Trainer) -> None:
        """Take a snapshot."""
        self._archive.snap(live, trainer)

    def reached(self, live: Live) -> None:
        """Pause an experiment."""
        self.switch(live.id, "running", "paused")

    # inside

    def _begin_loading(self, live: Live, source: Live | None) -> None:
        threading.Thread(target=self._load, args=(live, source), name=f"load-{live.id}", daemon=True).start()

    def _load(self, live: Live, source: Live | None) -> None:
        try:
            if live.keep:  # written first: if this is what ends the server, it is not tried again by itself
                self._store.add_event(live.id, RESUMED, place(live.last.step if live.last else 0))
                self._store.flush(1.0)
            trainer = self._archive.checkpoints.load(live.id) if live.continues else Trainer(live.experiment)
            copied = _copy(source, trainer) if source else []
        except Exception as error:
            self._not_loaded(live, error)
            return
        with live.lock:
            if live.state != "loading":
                return  # stopped meanwhile
            if live.keep:
                self._store.cut(live.id, trainer.step if live.continues else -1)
            live.records.extend(copied)
            live.begin(trainer)
            if live.state == "paused":  # it does not go on by itself after a restart either
                self._store.add_event(live.id, "paused")
            if trainer.threads_chosen and not live.continues:
                self._store.add_event(live.id, history.THREADS, str(trainer.threads))
            self._store.set_state(live.id, live.state)  # queued, as everything for the store is: in the order of the states
            self._store.add_records(live.id, copied)
            if trainer.changes or live.continues:
                self._store.add_event(live.id, history.HISTORY, history.text(trainer.changes))
            live.spacing.last = trained(trainer)
            if live.continues:
                self._archive.snapshots.cut(live.id, trainer.step)
            if live.experiment.load:  # what it begins from may be another one day
                self._archive.snap(live, trainer)
        self.train(live)
        self.begin_queued()  # where this one begins paused

    def _not_loaded(self, live: Live, error: Exception) -> None:
        """What could not be taken up keeps everything that was measured, and is as interrupted as before."""
        known = isinstance(error, CheckpointError)
        why = str(error) if known else sentence(error, live.experiment, at_home=not live.owner)
        if live.continues:
            self.ended(live, "interrupted", why)
            self._lives.drop(live)
        else:
            self.ended(live, "failed", why)

    def _snap_last(self, live: Live) -> bool:
        """False if a step is being done just now, or a part of one: the worker then does it."""
        if (trainer := live.trainer) is None:
            return True
        if not live.turn.acquire(blocking=False):
            return False
        try:
            if trainer.between_steps and trainer.step and live.state in ("stopped", "interrupted"):
                self._archive.snap(live, trainer)
            return trainer.between_steps
        finally:
            live.turn.release()

    def _write_down(self, live: Live, trainer: Trainer, over: float) -> None:
        """Bring the step in hand to its end, unless that lasts, and write a checkpoint; when the worker has ended."""
        if not live.turn.acquire(timeout=max(0.0, over - time.monotonic())):
            log.warning("experiment %s: a part of its step lasts: it will go on from an earlier checkpoint", live.id)
            return
        try:
            while not trainer.between_steps and time.monotonic() < over:
                records = trainer.advance()
                live.records.extend(records)
                self.measured(live, records)
        except Exception as error:  # an earlier checkpoint stays, and whoever continues it meets the same error in his own time
            log.warning("experiment %s: the step in hand failed as the lab was closed: %s", live.id, error, exc_info=True)
            return
        finally:
            live.turn.release()
        if trainer.between_steps:
            self.save(live)


def _copy(source: Live, trainer: Trainer) -> list[Record]:
    """Bring a new trainer to where another experiment's is, and return the records of that one until then."""
    while True:
        with source.turn:
            if (theirs := source.trainer) is None:
                return []
            if theirs.between_steps:
                tensors, numbers = theirs.state()
                trainer.restore({name: tensor.clone() for name, tensor in tensors.items()}, numbers)
                if (rate := source.learning_rate) is not None:
                    trainer.set_learning_rate(rate)
                for change in source.changes:
                    trainer.change_feedback(change)
                return [record for record in source.records if record.step <= trainer.step]
        time.sleep(0.002)  # the worker ends the step that it has begun
