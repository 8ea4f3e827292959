"""Conductor: what becomes of experiments between their start and their end: queued, loaded, trained, written down."""

import logging
import threading
import time
from dataclasses import replace
from pathlib import Path

from dfa_lab.machine.device import resolve
from dfa_lab.records import Record
from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.runs.live import ACTIVE, ENDED, Live
from dfa_lab.runs.quota import Quota
from dfa_lab.runs.record_list import RecordList
from dfa_lab.runs.replay import history
from dfa_lab.runs.replay.snapshots import Snapshots, trained
from dfa_lab.runs.resuming import RESUMED, ContinueError, place, status_of
from dfa_lab.runs.store.store import Store, Stored
from dfa_lab.runs.worker import Worker
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.train import saved
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.failures import sentence
from dfa_lab.train.trainer import Trainer

log = logging.getLogger(__name__)

KEPT = 20  # ended experiments that stay in memory; older ones are read from the store
MOST_ACTIVE = 16  # experiments that run or wait at a time: each holds its networks, and slows down the others
TOO_MANY = (
    f"{MOST_ACTIVE} experiments are running or paused on this server: stop one on the page Experiments, then start again."
)
MOST_KEPT_RUNNING = 1  # experiments with checkpoints that run at a time on a device; they are long, the others wait


class Conductor:
    """The inside of the manager. Locks are taken in this order: `_lock`, then the `turn` or `lock` of an experiment."""

    def __init__(self, folder: Path, quota: str = ""):
        self.store = Store(folder)
        self.quota = Quota(self.store.folder, quota)
        self.checkpoints = Checkpoints(self.store.folder / "checkpoints")
        self.snapshots = Snapshots(self.store.folder / "snapshots", self.quota.room)
        self._lives: dict[str, Live] = {}
        self._workers: dict[str, Worker] = {}
        self._lock = threading.RLock()
        self._demo: str | None = None
        self._closed = False

    def _begin(self, live: Live, source: Live | None, title: str) -> str:
        """Enter it and have it loaded, from the state of `source` if there is one; its id."""
        live.state = "queued" if live.queues else "loading"
        self._enter(live)
        self.store.create(live.id, live.experiment, demo=live.demo, title=title)
        self.store.set_state(live.id, live.state)
        self._begin_queued() if live.queues else self._begin_loading(live, source)
        return live.id

    def _enter(self, live: Live) -> None:
        """Raises SettingsError if there is no room; what waits in the queue takes none."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the manager is closed")
            others = [one for one in self._lives.values() if one.state in ACTIVE and one.state != "queued" and not one.demo]
            if not (live.demo or live.queues) and len(others) >= MOST_ACTIVE:
                raise SettingsError([TOO_MANY])
            if not (live.demo or live.queues) and self.quota.full:
                raise SettingsError([self.quota.full])
            self._lives.pop(live.id, None)  # one that is taken up goes to the end of the queue
            self._lives[live.id] = live
            ended = [id for id, one in self._lives.items() if one.state in ENDED and one.trainer is None and id != self._demo]
            for id in ended[:-KEPT]:
                del self._lives[id]

    def _take_up(self, stored: Stored, step: int) -> None:
        """Queue an experiment of the store, to go on from `step`: that of its checkpoint, or 0."""
        assert stored.experiment is not None
        records = RecordList(record for record in self.store.records(stored.id) if record.step <= step)
        status = status_of(stored, self.store)
        live = Live(stored.id, stored.experiment, False, "queued", keep=True, queues=True, continues=step > 0, records=records)
        if status is not None:
            live.last = replace(status, step=step, epoch=records[-1].epoch if records else 0.0)
        self.store.set_state(live.id, live.state)
        now = self.store.get(live.id)
        if now is not None and not self.store.busy(now) and not self.store.problem:
            raise ContinueError("Another server that keeps its runs in this folder is busy with it.")
        self._enter(live)
        self._begin_queued()

    def _undo_stop(self, live: Live) -> bool:
        """True if it is active, or becomes so again because its networks are still there."""
        with live.lock:
            if live.state in ENDED and live.trainer is not None and live.keep:
                live.state, live.sentence = "running", ""
                live.halt_clock()
                self.store.set_state(live.id, live.state)
                self.store.add_event(live.id, live.state)
            active = live.state in ACTIVE
        self._wake(live)
        return active

    def _begin_queued(self) -> None:
        """Load what waits and has its turn on its device: in the order in which it was started."""
        with self._lock:
            waiting = [live for live in self._lives.values() if live.state == "queued"]
            for live in waiting if not self._closed else ():
                busy = [one for one in self._lives.values() if one.queues and one.state in ("loading", "running")]
                if sum(self._place(one) == self._place(live) for one in busy) >= MOST_KEPT_RUNNING:
                    continue
                with live.lock:
                    if live.state != "queued":
                        continue
                    live.state = "loading"
                    self.store.set_state(live.id, live.state)
                self._begin_loading(live, None)

    def _begin_loading(self, live: Live, source: Live | None) -> None:
        threading.Thread(target=self._load, args=(live, source), name=f"load-{live.id}", daemon=True).start()

    def _load(self, live: Live, source: Live | None) -> None:
        try:
            if live.keep:  # written first: if this is what ends the server, it is not tried again by itself
                self.store.add_event(live.id, RESUMED, place(live.last.step if live.last else 0))
                self.store.flush(1.0)
            trainer = self.checkpoints.load(live.id) if live.continues else Trainer(live.experiment)
            copied = self._copy(source, trainer) if source else []
        except Exception as error:
            self._not_loaded(live, error)
            return
        with live.lock:
            if live.state != "loading":
                return  # stopped meanwhile
            if live.keep:
                self.store.cut(live.id, trainer.step if live.continues else -1)
            live.records.extend(copied)
            live.begin(trainer)
            if trainer.threads_chosen and not live.continues:
                self.store.add_event(live.id, history.THREADS, str(trainer.threads))
            self.store.set_state(live.id, live.state)  # queued, as everything for the store is: in the order of the states
            self.store.add_records(live.id, copied)
            if trainer.changes or live.continues:
                self.store.add_event(live.id, history.HISTORY, history.text(trainer.changes))
            live.spacing.last = trained(trainer)
            if live.continues:
                self.snapshots.cut(live.id, trainer.step)
            if live.experiment.load:  # what it begins from may be another one day
                self._snap(live, trainer)
        if worker := self._worker(live):
            worker.add(live)
        self._begin_queued()  # where this one begins paused

    def _not_loaded(self, live: Live, error: Exception) -> None:
        """What could not be taken up keeps everything that was measured, and is as interrupted as before."""
        why = str(error) if isinstance(error, CheckpointError) else sentence(error)
        if live.continues:
            self._ended(live, "interrupted", why)
            with self._lock:
                if self._lives.get(live.id) is live:  # not one that was taken up meanwhile
                    del self._lives[live.id]
        else:
            self._ended(live, "failed", why)

    @staticmethod
    def _copy(source: Live, trainer: Trainer) -> list[Record]:
        """Bring a new trainer to where another experiment's is; that one's records until then."""
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

    def _worker(self, live: Live) -> Worker | None:
        name = self._place(live)
        with self._lock:
            if self._closed:  # while its data were loading
                return None
            if name not in self._workers:
                calls = (self._measured, self._ended, self._save, self._changed, self._snap, self._reached)
                self._workers[name] = Worker(name, *calls)
            return self._workers[name]

    @staticmethod
    def _place(live: Live) -> str:
        """cuda and cuda:0 are one device."""
        device = resolve(live.experiment.device, live.experiment.device_number)
        return f"{device.type}:{device.index or 0}"

    def _wake(self, live: Live) -> None:
        if worker := self._workers.get(self._place(live)):
            worker.wake()

    def _switch(self, id: str, before: str, after: str, to_end_of_epoch: bool = False) -> None:
        live = self._lives.get(id)
        if live is None:
            return
        with live.lock:
            if live.state in ("loading", "queued"):
                live.begin_paused = after == "paused"
                live.single_steps *= live.begin_paused
            if live.state != before:
                return
            live.state = after
            live.single_steps = 0
            live.pause_at = live.end_of_epoch() if to_end_of_epoch else None
            live.halt_clock()
            self.store.set_state(id, after)
            self.store.add_event(id, after, "")
        self._wake(live)
        self._begin_queued()

    def _measured(self, live: Live, records: list[Record]) -> None:
        self.store.add_records(live.id, records)

    def _changed(self, live: Live, text: str) -> None:
        """The last of the trainer's changes was made; `text` says it to people, where that was not done before."""
        if text:
            self.store.add_event(live.id, "knob", text)
        if trainer := live.trainer:
            self.store.add_event(live.id, history.CHANGE, history.text(trainer.changes[-1]))

    def _snap(self, live: Live, trainer: Trainer) -> None:
        """A state on the way, for replays, or the last one."""
        self.snapshots.take(live.id, trainer, live.spacing, live.demo, trainer.done or live.state in ENDED)

    def _reached(self, live: Live) -> None:
        self._switch(live.id, "running", "paused")

    def _finish(self, live: Live, state: str, why: str) -> None:
        """End it; the networks stay until its worker has brought the step in hand to its end and written down the state."""
        with live.lock:
            if live.state in ENDED:
                return
            live.end(state, why)
            if not live.keep and self._snap_last(live):
                live.let_go()
            self.store.set_state(live.id, state, why)
            self.store.add_event(live.id, state, why)
        self._wake(live)
        self._begin_queued()

    def _snap_last(self, live: Live) -> bool:
        """False if a step is being done just now, or a part of one: the worker then does it."""
        if (trainer := live.trainer) is None:
            return True
        if not live.turn.acquire(blocking=False):
            return False
        try:
            if trainer.between_steps and trainer.step and live.state in ("stopped", "interrupted"):
                self._snap(live, trainer)
            return trainer.between_steps
        finally:
            live.turn.release()

    def _ended(self, live: Live, state: str, why: str) -> None:
        """As `_finish`, and nothing is written down any more."""
        if state == "finished":
            self._save_net(live)
        self._finish(live, state, why)
        with live.lock:
            live.let_go()
        if live.keep and live.state == "finished" and self.store.flush():
            self.checkpoints.remove(live.id)

    def _save(self, live: Live) -> None:
        """Write a checkpoint; in the worker's thread, or when that has ended."""
        # A checkpoint must not be ahead of the records in the store: those between would be missing after a kill.
        if (trainer := live.trainer) is not None and live.keep:
            live.checkpointed(trainer, self.store.flush(1.0) and self.checkpoints.save(live.id, trainer))
            if not live.keep:  # deleted meanwhile
                self.checkpoints.remove(live.id)

        self._save_net(live)

    def _save_net(self, live: Live) -> None:
        """What the setting `save` asks for."""
        if (trainer := live.trainer) is not None and (name := live.experiment.save):
            self.checkpoints.write(saved.folder(name) / saved.NET, trainer)

    def _write_down(self, live: Live, trainer: Trainer, over: float) -> None:
        """Bring the step in hand to its end, unless that lasts, and write a checkpoint; when the worker has ended."""
        try:
            while not trainer.between_steps and time.monotonic() < over:
                records = trainer.advance()
                live.records.extend(records)
                self._measured(live, records)
        except Exception as error:  # an earlier checkpoint stays, and whoever continues it meets the same error in his own time
            log.warning("experiment %s: the step in hand failed as the lab was closed: %s", live.id, error, exc_info=True)
            return
        if trainer.between_steps:
            self._save(live)
