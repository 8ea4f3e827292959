"""Replay: the networks of an experiment as they were after any past step.

A trainer is made from the snapshot before that step, or anew from the settings, and trained up to it by real steps: on the
CPU its weights are then those of the run bit for bit, and the losses on the way are compared with the recorded ones.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from dfa_lab.config import Experiment
from dfa_lab.records import Record
from dfa_lab.runs import history
from dfa_lab.runs.failures import sentence
from dfa_lab.runs.history import Made, make_again
from dfa_lab.runs.looking import Gone
from dfa_lab.runs.snapshots import Snapshots
from dfa_lab.runs.store import Store
from dfa_lab.train.state_file import CheckpointError
from dfa_lab.train.trainer import Trainer

T = TypeVar("T")
AT_ONCE = 2  # replays that train at a time; others wait
KEPT = 8  # replayed trainers, but
BYTES = 2**30  # no more than this of tensors, the last one excepted
FORGOTTEN = 10.0  # seconds after which a replay that nobody asks about any more is given up
OTHER_VERSION = "Its settings are those of another version of the lab: it cannot be trained again here."
NOT_FINITE = "After step {:,} weights are no longer finite numbers: there is nothing to look at. Choose an earlier step."

FOLLOWS = "Step {:,} is being replayed: the pictures follow."

log = logging.getLogger(__name__)


class CannotReplay(Exception):
    """The text says why, and what to do."""


@dataclass(eq=False)
class Replay:
    """One past step of one experiment. `note` says how a trainer that is `ready` compares with the run."""

    id: str
    step: int
    state: str = "waiting"  # then loading, replaying, and ready, failed or forgotten
    sentence: str = ""  # why it failed
    note: str = ""
    exact: bool = True  # as far as that was compared
    begun: int = 0  # the step of the snapshot
    now: int = 0
    trainer: Trainer | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)  # held by who looks
    asked: float = field(default_factory=time.monotonic)  # when somebody last wanted it
    _training: float = 0.0  # since when

    @property
    def over(self) -> bool:
        return self.state in ("ready", "failed", "forgotten")

    @property
    def share(self) -> float:
        """Of the steps that are done."""
        return (self.now - self.begun) / max(1, self.step - self.begun) if self.state != "ready" else 1.0

    @property
    def left(self) -> float | None:
        """Seconds to go, once that can be told."""
        done, took = self.now - self.begun, time.monotonic() - self._training
        return (self.step - self.now) * took / done if self.state == "replaying" and done and took > 0.2 else None

    def words(self) -> str:
        """What it is doing."""
        if self.state == "failed":
            return self.sentence
        if self.state == "replaying":
            left = f", {self.left:.0f} s to go" if self.left is not None else ""
            return f"Step {self.step:,} is being replayed from step {self.begun:,} on: now at step {self.now:,}{left}."
        return f"Step {self.step:,} is going to be replayed: its data are being loaded, or it waits for another replay."

    def size(self) -> int:
        return sum(tensor.nbytes for tensor in self.trainer.state()[0].values()) if self.trainer else 0


class Replays:
    """Replays of all visitors: who asks for the same step looks at the same trainer."""

    def __init__(
        self,
        store: Store,
        snapshots: Snapshots,
        records: Callable[[str], list[Record]],
        newest: Callable[[str], Record | None],
    ):
        """`records(id)`: all of an experiment; `newest(id)`: the last one."""
        self._store, self._snapshots, self._records, self._newest = store, snapshots, records, newest
        self._known: OrderedDict[tuple[str, int], Replay] = OrderedDict()  # the one asked for last at the end
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(AT_ONCE)
        self._closed = False

    def ask(self, id: str, step: int) -> Replay:
        """The replay, begun if there is none. Who waits for it asks again and again, or it is given up."""
        with self._lock:
            found = self._known.get((id, step))
            if found is None or found.state == "forgotten":
                found = self._known[id, step] = Replay(id, step)
                threading.Thread(target=self._work, args=(found,), name=f"replay-{id}", daemon=True).start()
            self._known.move_to_end((id, step))
            found.asked = time.monotonic()
            return found

    def again(self, id: str, step: int) -> None:
        """Forget one that failed, so that it is tried again."""
        with self._lock:
            if (found := self._known.get((id, step))) and found.state == "failed":
                del self._known[id, step]

    def look(self, id: str, step: int, function: Callable[[Trainer], T]) -> T:
        """`function(trainer)`, as Manager.look: it changes nothing and returns copies. Raises Gone while there is none."""
        replay = self.ask(id, step)
        with replay.turn:
            if replay.trainer is None:
                raise Gone(replay.sentence or FOLLOWS.format(step))
            return function(replay.trainer)

    def seconds(self, id: str, step: int) -> float:
        """About how long a replay will take, from what the training took; 0 for one that is there."""
        with self._lock:
            if (known := self._known.get((id, step))) and known.state != "forgotten":
                return 0.0
        last, experiment = self._newest(id), self._experiment(id)
        if last is None or not last.step or experiment is None:
            return 0.0
        from_step = max((one for one in self._snapshots.steps(id) if one <= step), default=0)
        return (step - from_step) * last.seconds / last.step * len(experiment.runs())

    def forget(self, id: str) -> None:
        """The experiment was deleted."""
        with self._lock:
            for key in [key for key in self._known if key[0] == id]:
                self._known.pop(key).asked = float("-inf")

    def close(self) -> None:
        """Give up what is being replayed."""
        self._closed = True

    def _unwanted(self, replay: Replay) -> bool:
        return self._closed or time.monotonic() - replay.asked > FORGOTTEN

    def _work(self, replay: Replay) -> None:
        while not self._slots.acquire(timeout=0.1):
            if self._unwanted(replay):
                replay.state = "forgotten"
                return
        try:
            replay.state = "loading"
            trainer = self._replayed(replay)
            if trainer is None:
                replay.state = "forgotten"
                return
            with replay.turn:
                replay.trainer, replay.state = trainer, "ready"
            self._make_room(replay)
        except Exception as error:
            known = isinstance(error, CannotReplay)
            if not known:
                log.warning("step %s of %s cannot be replayed: %r", replay.step, replay.id, error)
            replay.sentence = str(error) if known else f"It cannot be replayed: {sentence(error, self._experiment(replay.id))}"
            replay.state = "failed"
        finally:
            self._slots.release()

    def _replayed(self, replay: Replay) -> Trainer | None:
        """None if nobody wants it any more."""
        experiment = self._experiment(replay.id)
        if experiment is None:
            raise CannotReplay(OTHER_VERSION)
        made, exact = self._history(replay.id)
        trainer, notes = self._nearest(replay, experiment, made)
        notes += [] if exact else ["what was changed while it trained cannot be read"]
        recorded = _losses(self._records(replay.id), trainer.step, replay.step)
        compared, differing = 0, None
        replay.begun = replay.now = trainer.step
        replay._training, replay.state = time.monotonic(), "replaying"
        while True:
            make_again(trainer, made)
            if trainer.step >= replay.step:
                break
            if trainer.done:
                raise CannotReplay(f"It ended after step {trainer.step:,}: choose an earlier step.")
            for record in next(trainer):
                value = recorded.get((record.run, record.metric, record.step))
                compared += value is not None
                if value is not None and value != record.value and differing is None:
                    differing = record, value
            replay.now = trainer.step
            if self._unwanted(replay):
                return None
        if not _finite(trainer):
            raise CannotReplay(NOT_FINITE.format(replay.step))
        replay.exact = differing is None
        replay.note = _compared(trainer, replay, compared, differing, notes)
        return trainer

    def _experiment(self, id: str) -> Experiment | None:
        stored = self._store.get(id)
        return stored.experiment if stored else None

    def _history(self, id: str) -> tuple[list[Made], bool]:
        try:
            return history.read(self._store.events(id)), True
        except (ValueError, TypeError):
            return [], False

    def _nearest(self, replay: Replay, experiment: Experiment, made: list[Made]) -> tuple[Trainer, list[str]]:
        """A trainer at the replay's step or before it, as near as there is; and what is to be said about it."""
        notes = []
        with self._lock:
            mine = [one for (id, step), one in self._known.items() if id == replay.id and step < replay.step]
            known = {one.step: one for one in mine if one.trainer and one.exact}
        kept = [step for step in self._snapshots.steps(replay.id) if step <= replay.step]
        for step in sorted({*known, *kept}, reverse=True):
            try:
                state = _copied(known[step]) if step in known else self._snapshots.load(replay.id, step)
                if state is None or not history.begins_with(made, state[1].get("changes", [])):
                    continue  # of a way that it did not take: it was taken up from a checkpoint before
                trainer = Trainer(experiment, restored=True).restore(*state)
                trainer.quiet = True
                return trainer, notes
            except CheckpointError:
                notes.append(f"the snapshot of step {step:,} is damaged and was left out")
            except (LookupError, ValueError, TypeError, AttributeError, RuntimeError):
                notes.append(f"the snapshot of step {step:,} is of another network and was left out")
        trainer = Trainer(experiment)
        trainer.quiet = True
        if experiment.load:
            notes.append(f"its first weights are those that {experiment.load!r} has now")
        return trainer, notes

    def _make_room(self, newest: Replay) -> None:
        with self._lock:
            ready = [one for one in self._known.values() if one.state == "ready"]
            sizes = {id(one): one.size() for one in ready}
            for old in ready:
                if old is not newest and (len(sizes) > KEPT or sum(sizes.values()) > BYTES):
                    self._known.pop((old.id, old.step), None)
                    del sizes[id(old)]
            over = [key for key, one in self._known.items() if one.state in ("failed", "forgotten")]
            for key in over[:-KEPT]:
                del self._known[key]


def _copied(replay: Replay) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    with replay.turn:
        if replay.trainer is None:
            return None
        tensors, numbers = replay.trainer.state()
        return {name: tensor.clone() for name, tensor in tensors.items()}, numbers


def _losses(records: Sequence[Record], after: int, until: int) -> dict[tuple[int, str, int], float | None]:
    """Those of the training, which a replay has too, by (run, metric, step)."""
    return {
        (r.run, r.metric, r.step): r.value for r in records if after < r.step <= until and r.metric.startswith("train_loss")
    }


def _finite(trainer: Trainer) -> bool:
    return all(bool(torch.isfinite(p).all()) for run in trainer.runs for p in run.network.parameters())


def _compared(trainer: Trainer, replay: Replay, count: int, differing: tuple[Record, float] | None, notes: list[str]) -> str:
    """How far the replay is what the run was, in a sentence or two."""
    if differing is not None:
        record, value = differing
        rule = trainer.experiment.runs()[record.run][0]
        share = abs((record.value or 0.0) - value) / (abs(value) or 1.0)
        said = (
            f"Not exactly the run: at step {record.step:,} the training loss of {rule} differs by {share:.1g} of it, "
            "as on another device, with other threads or another version."
        )
    elif replay.begun == replay.step and replay.step:
        said = "Exactly the run: the state was saved at this step."
    elif count:
        said = f"Exactly the run, as far as it was recorded: all {count} training losses on the way are the same bit for bit."
    elif trainer.device.type != "cpu":
        said = "On a GPU a replay is the same but for rounding."
    else:
        said = "On the CPU a replay is the run bit for bit."
    return " ".join([said, *(f"{note[0].upper()}{note[1:]}." for note in notes)])
