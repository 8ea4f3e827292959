"""Worker: a background thread that trains. It takes turns between the experiments that were given to it.

One thread for all that are small, because they get no faster with more of them, and turns of a few tens of milliseconds, so
that everyone's curves move; each visitor has as much of a round as another, however many experiments are theirs. An
exception ends the experiment it happened in and no other.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from dfa_lab.machine.priority import lower
from dfa_lab.records import Record
from dfa_lab.runs.live import ENDED, Live
from dfa_lab.runs.replay.snapshots import trained
from dfa_lab.runs.turns import Turns
from dfa_lab.train.failures import sentence
from dfa_lab.train.trainer import Diverged, Trainer

ASIDE = 0.0005  # seconds that it steps aside for who wants to look at a network: a lock is not fair by itself
IDLE = 0.01  # seconds between looks at experiments that are slowed down on purpose

log = logging.getLogger(__name__)


class Listener(Protocol):
    """Who is told what happens to the experiments of a worker; each method is called in the worker's thread."""

    def measured(self, live: Live, records: list[Record]) -> None:
        """A turn brought new records, or none."""
        ...

    def ended(self, live: Live, state: str, why: str) -> None:
        """The experiment is finished or has failed; `why`: a sentence, where that needs saying."""
        ...

    def save(self, live: Live) -> None:
        """The experiment is between two steps, and its state is to be written down."""
        ...

    def changed(self, live: Live, text: str) -> None:
        """The learning rate was changed, without a sentence, or the feedback, with one where a rule has such feedback."""
        ...

    def snap(self, live: Live, trainer: Trainer) -> None:
        """The trainer is between two steps, and a snapshot is due."""
        ...

    def reached(self, live: Live) -> None:
        """The experiment is where it was to pause."""
        ...


class Worker:
    """Trains what it is given, until it is closed; one that trains a heavy experiment, until that has gone elsewhere."""

    def __init__(self, name: str, listener: Listener, move: Callable[[Live], None], first: Live):
        """`name`: of the device, for the thread. `move`: gives an experiment whose weight has changed to its new worker."""
        self._name, self._listener, self._move = name, listener, move
        self._lives = [first]
        self._alone = first.weight.heavy
        self._turns = Turns()
        self._wake = threading.Condition()
        self._closed = False
        self._poked = False  # something changed since the last look at all experiments
        self._thread = threading.Thread(target=self._work, name=f"train-{name}", daemon=True)
        self._thread.start()

    @property
    def open(self) -> bool:
        """Whether it takes experiments."""
        return not self._closed

    def add(self, live: Live) -> bool:
        """Train this one too; False where it is closed."""
        with self._wake:
            if not self._closed:
                self._lives.append(live)
                self._poked = True
                self._wake.notify()
            return not self._closed

    def wake(self) -> None:
        """Something that a turn depends on has changed."""
        with self._wake:
            self._poked = True
            self._wake.notify()

    def close(self) -> None:
        """Stop after the part in hand."""
        with self._wake:
            self._closed = True
            self._wake.notify()

    def join(self, seconds: float) -> None:
        """Wait until it has stopped, at most so long."""
        self._thread.join(seconds)

    def _work(self) -> None:
        if self._alone:
            lower()
        while True:
            with self._wake:
                self._lives = [live for live in self._lives if live.trainer is not None and live.worker == self._name]
                lives = list(self._lives)
                self._closed |= self._alone and not lives
                if self._closed:
                    return
                self._poked = False
            worked = False
            self._turns.begin(lives)
            for live in lives:
                worked |= self._turn(live)
            if not worked:
                with self._wake:
                    if not self._closed and not self._poked:
                        slowed = any(live.state == "running" for live in self._lives)
                        self._wake.wait(IDLE if slowed else None)

    def _turn(self, live: Live) -> bool:
        """Step until the turn is over; True if there was anything to do."""
        records: list[Record] = []
        worked = False
        while not self._closed:
            if live.changes:
                self._between_steps(live)
            if not self._turns.has(live):
                worked = True
                break
            with live.lock:
                now = time.monotonic()
                if not live.take_step(now):
                    break
                trainer = live.trainer
                assert trainer is not None
                if live.learning_rate is not None and trainer.between_steps:
                    trainer.set_learning_rate(live.learning_rate)
                    live.learning_rate = None
                    self._listener.changed(live, "")
            worked = True
            if live.onlookers:
                time.sleep(ASIDE)
            try:
                with live.turn:
                    own = time.thread_time()
                    new = trainer.advance()
                    own = time.thread_time() - own
                    live.records.extend(new)
                records += new
                with live.lock:
                    live.stepped(time.monotonic())
            except StopIteration:
                self._end(live, records, "finished", live.losses())
                return True
            except Exception as error:
                # that a network diverges is news for who started it, not for who keeps the server
                log.error("experiment %s failed: %s", live.id, error, exc_info=not isinstance(error, Diverged))
                self._end(live, records, "failed", sentence(error, live.experiment))
                return True
            if trainer.between_steps and (live.trainer is None or live.spacing.due(trained(trainer)) or trainer.done):
                self._listener.snap(live, trainer)
            if trainer.done:
                self._end(live, records, "finished", live.losses())
                return True
            self._turns.take(live, time.monotonic() - now)
            if live.weight.count(trainer, own) or live.checkpoint_due(time.monotonic()):
                break
        if records:
            self._listener.measured(live, records)
        if live.state == "running" and live.reached() and (trainer := live.trainer) and trainer.between_steps:
            self._listener.reached(live)
        self._keep(live)
        if live.trainer is not None and live.weight.heavy != self._alone:
            self._move(live)
        return worked

    def _between_steps(self, live: Live) -> None:
        """Change the feedback as others have asked for, unless a step has begun."""
        with live.turn:
            with live.lock:
                trainer = live.trainer
                if trainer is None or not trainer.between_steps:
                    return
                changes, live.changes = live.changes, []
            for change in changes:
                rules = trainer.change_feedback(change)
                if rules:
                    live.changed()
                self._listener.changed(live, change.text(rules, trainer.step) if rules else "")

    def _keep(self, live: Live) -> None:
        """Write down the state if that is due, and let go of the networks of what was stopped."""
        if live.checkpoint_due(time.monotonic()):
            self._listener.save(live)
        if live.state in ENDED and (trainer := live.trainer) is not None and trainer.between_steps:
            self._listener.snap(live, trainer)
        with live.lock:
            if live.state in ENDED and live.trainer is not None and live.trainer.between_steps:
                live.let_go()

    def _end(self, live: Live, records: list[Record], state: str, why: str) -> None:
        self._listener.measured(live, records)
        self._listener.ended(live, state, why)
