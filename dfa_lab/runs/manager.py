"""Manager: starts experiments, keeps them running without a page, and answers every reader with copies."""

import threading
import time
import uuid
from math import ceil
from pathlib import Path

from dfa_lab import data, networks
from dfa_lab.config import Experiment, SettingsError
from dfa_lab.device import resolve
from dfa_lab.records import Record
from dfa_lab.runs.demo import demonstration
from dfa_lab.runs.failures import sentence
from dfa_lab.runs.live import ACTIVE, ENDED, Live, Status
from dfa_lab.runs.store import Store
from dfa_lab.runs.worker import Worker
from dfa_lab.train.trainer import Trainer

KEPT = 20  # ended experiments that stay in memory; older ones are read from the store
MOST_ACTIVE = 16  # experiments that run or wait at a time: each holds its networks, and slows down the others
TOO_MANY = (
    f"{MOST_ACTIVE} experiments are running or paused on this server: stop one on the page Experiments, then start again."
)
DEMO_PAUSE = 8.0  # seconds that a finished demonstration stays on screen before it starts again


class Manager:
    """One a server. Every method may be called from any thread; none waits for a training step or the disk."""

    def __init__(self, folder: Path):
        self.store = Store(folder)
        self._lives: dict[str, Live] = {}
        self._workers: dict[str, Worker] = {}
        self._lock = threading.RLock()
        self._demo: str | None = None
        self._demos = 0
        self._closed = False
        for stored in self.store.experiments():
            if stored.demo and stored.state in ENDED:  # of a server that was stopped
                self.store.delete(stored.id)

    def start(self, experiment: Experiment, *, paused: bool = False, pace: float = 0.0, demo: bool = False) -> str:
        """Begin an experiment and return its id at once; its data are loaded in a thread of their own.

        Raises SettingsError, with a sentence, while MOST_ACTIVE others are running or paused.
        """
        return self._begin(experiment, demo, pace, paused, None)

    def fork(self, id: str, *, paused: bool) -> str:
        """A copy of a running experiment that goes on by itself from the same step; of an ended one, a fresh start.

        Raises KeyError if there is no such experiment.
        """
        live = self._lives.get(id)
        if live is None or live.trainer is None:
            status = self.status(id)
            if status is None:
                raise KeyError(id)
            return self.start(status.experiment, paused=paused)
        return self._begin(live.experiment, False, live.pace, paused, live)

    def pause(self, id: str) -> None:
        """Also one whose data are still being loaded: it then begins paused."""
        self._switch(id, "running", "paused")

    def resume(self, id: str) -> None:
        """Also one whose data are still being loaded: it then does not begin paused."""
        self._switch(id, "paused", "running")

    def step(self, id: str) -> None:
        """One step of every run; pauses first."""
        self.pause(id)
        if live := self._lives.get(id):
            with live.lock:
                live.single_steps += 1
            self._wake(live)

    def stop(self, id: str) -> None:
        """End it; what was measured stays."""
        live = self._lives.get(id)
        if live and live.state in ACTIVE:
            self._ended(live, "stopped", "")

    def set_learning_rate(self, id: str, rate: float) -> None:
        """From the next step on. The rate must have passed `parse`."""
        live = self._lives.get(id)
        if live and live.state in ACTIVE:
            with live.lock:
                live.learning_rate = rate
            self.store.add_event(id, "knob", f"learning_rate = {rate:g}")

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
        if stored is None or stored.experiment is None:
            return None
        last = self.store.records(id, since=self.store.count(id) - 1)
        step, epoch = (last[0].step, last[0].epoch) if last else (0, 0.0)
        experiment = stored.experiment
        facts = data.facts(experiment.dataset, experiment.classes)
        a_pass = ceil(facts.train / experiment.batch_size)
        return Status(
            id,
            experiment,
            stored.state,
            stored.sentence,
            stored.demo,
            step=step,
            steps=a_pass * experiment.epochs,
            epoch=epoch,
            learning_rate=experiment.learning_rate,
            layers=_units(experiment, facts),
        )

    def records(self, id: str, since: int = 0) -> list[Record]:
        """A copy of the records from number `since` on."""
        if live := self._lives.get(id):
            return live.records[since:]
        return self.store.records(id, since)

    def demo(self) -> str:
        """The demonstration that newcomers share. Started when first asked for, and again a while after it has ended."""
        with self._lock:
            live = self._lives.get(self._demo or "")
            if live is None or (live.state in ENDED and time.monotonic() - live.ended > DEMO_PAUSE):
                if live is not None:
                    self._lives.pop(live.id)
                    self.store.delete(live.id)
                experiment, pace = demonstration(seed=self._demos)
                self._demos += 1
                self._demo = self.start(experiment, pace=pace, demo=True)
            assert self._demo is not None
            return self._demo

    def close(self) -> None:
        """Stop the threads and write what is left."""
        with self._lock:
            self._closed = True
            workers, lives = list(self._workers.values()), list(self._lives.values())
        for worker in workers:
            worker.close()
        for live in lives:
            if live.state in ACTIVE:
                self._ended(live, "interrupted", f"The server stopped at step {live.status().step}.")
        self.store.close()

    def _begin(self, experiment: Experiment, demo: bool, pace: float, paused: bool, source: Live | None) -> str:
        """Enter it and have it loaded, from the state of `source` if there is one; its id."""
        live = Live(uuid.uuid4().hex[:10], experiment, demo, pace=pace, begin_paused=paused)
        with self._lock:
            if self._closed:
                raise RuntimeError("the manager is closed")
            if not demo and sum(one.state in ACTIVE and not one.demo for one in self._lives.values()) >= MOST_ACTIVE:
                raise SettingsError([TOO_MANY])
            self._lives[live.id] = live
            ended = [id for id, one in self._lives.items() if one.state in ENDED and id != self._demo]
            for id in ended[:-KEPT]:
                del self._lives[id]
        self.store.create(live.id, experiment, demo=demo)
        self.store.set_state(live.id, live.state)
        threading.Thread(target=self._load, args=(live, source), name=f"load-{live.id}", daemon=True).start()
        return live.id

    def _load(self, live: Live, source: Live | None) -> None:
        try:
            trainer = Trainer(live.experiment)
            copied = self._copy(source, trainer) if source else []
        except Exception as error:
            self._ended(live, "failed", sentence(error))
            return
        with live.lock:
            if live.state != "loading":
                return  # stopped meanwhile
            live.records.extend(copied)
            live.trainer = trainer
            live.state = "paused" if live.begin_paused else "running"
            live.halt_clock()
            self.store.set_state(live.id, live.state)  # queued, as everything for the store is: in the order of the states
            self.store.add_records(live.id, copied)
        if worker := self._worker(live):
            worker.add(live)

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
                    return [record for record in source.records if record.step <= trainer.step]
            time.sleep(0.002)  # the worker ends the step that it has begun

    def _worker(self, live: Live) -> Worker | None:
        name = self._place(live)
        with self._lock:
            if self._closed:  # while its data were loading
                return None
            if name not in self._workers:
                self._workers[name] = Worker(name, self._measured, self._ended)
            return self._workers[name]

    @staticmethod
    def _place(live: Live) -> str:
        """cuda and cuda:0 are one device."""
        device = resolve(live.experiment.device)
        return f"{device.type}:{device.index or 0}"

    def _wake(self, live: Live) -> None:
        if worker := self._workers.get(self._place(live)):
            worker.wake()

    def _switch(self, id: str, before: str, after: str) -> None:
        live = self._lives.get(id)
        if live is None:
            return
        with live.lock:
            if live.state == "loading":
                live.begin_paused = after == "paused"
                live.single_steps *= live.begin_paused
            if live.state != before:
                return
            live.state = after
            live.single_steps = 0
            live.halt_clock()
            self.store.set_state(id, after)
            self.store.add_event(id, after, "")
        self._wake(live)

    def _measured(self, live: Live, records: list[Record]) -> None:
        self.store.add_records(live.id, records)

    def _ended(self, live: Live, state: str, why: str) -> None:
        with live.lock:
            if live.state in ENDED:
                return
            live.end(state, why)
            self.store.set_state(live.id, state, why)
            self.store.add_event(live.id, state, why)


def _units(experiment: Experiment, facts: data.Facts) -> tuple[int, ...]:
    """Of a stored experiment; none of one whose network cannot be."""
    try:
        return networks.units(experiment, facts)
    except (SettingsError, RuntimeError):
        return ()
