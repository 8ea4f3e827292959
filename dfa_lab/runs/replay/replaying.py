"""Replaying: a trainer is brought to a past step by real steps from the state before it that is nearest.

That is a snapshot, a state that another replay has left behind, or the beginning, which is made anew from the settings.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from dfa_lab.machine.priority import lower
from dfa_lab.records import Record
from dfa_lab.runs.replay import history
from dfa_lab.runs.replay.history import Made
from dfa_lab.runs.replay.snapshots import Snapshots
from dfa_lab.runs.weight import Weight
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.state_file import CheckpointError
from dfa_lab.train.trainer import Trainer

BACK = 25  # steps before the one that is wanted at which a state is left behind: who goes back step by step needs it
BYTES = 2**28  # of the states that were left behind
NOT_FINITE = "After step {:,} weights are no longer finite numbers: there is nothing to look at. Choose an earlier step."

State = tuple[dict[str, Tensor], dict[str, Any]]  # of a trainer


class CannotReplay(Exception):
    """A past step that cannot be shown; the text says why, and what to do."""


@dataclass(eq=False)
class Replay:
    """One past step of one experiment. `note` says how a trainer that is `ready` compares with the run."""

    id: str
    step: int
    state: str = "waiting"  # then loading, replaying, and ready, failed or forgotten
    sentence: str = ""  # why it failed
    waits: str = ""  # why it has no memory yet
    note: str = ""
    exact: bool = True  # as far as that was compared
    begun: int = 0  # the step of the state before
    now: int = 0
    trainer: Trainer | None = None
    turn: threading.Lock = field(default_factory=threading.Lock)  # held by who looks
    asked: float = field(default_factory=time.monotonic)  # when somebody last wanted it
    visitors: set[str] = field(default_factory=set)  # who want it
    ahead: int = 0  # replays that come before it
    began: float = 0.0  # time.monotonic() of its first step

    @property
    def over(self) -> bool:
        return self.state in ("ready", "failed", "forgotten")

    @property
    def share(self) -> float:
        """The part of the steps that is done, 0 to 1."""
        return 1.0 if self.state == "ready" else (self.now - self.begun) / max(1, self.step - self.begun)

    @property
    def left(self) -> float | None:
        """Seconds to go, once that can be told."""
        done, took = self.now - self.begun, time.monotonic() - self.began
        return (self.step - self.now) * took / done if self.state == "replaying" and done and took > 0.2 else None

    def words(self) -> str:
        """What the replay is doing, for a person."""
        if self.state == "replaying":
            left = f", {self.left:.0f} s to go" if self.left is not None else ""
            return f"Step {self.step:,} is being replayed from step {self.begun:,} on: now at step {self.now:,}{left}."
        if self.state == "waiting" and self.waits:
            return f"Step {self.step:,} is going to be replayed when there is memory for it: {self.waits}."
        if self.state == "waiting" and self.ahead:
            others = "another replay comes" if self.ahead == 1 else f"{self.ahead} other replays come"
            return f"Step {self.step:,} is going to be replayed: {others} before it."
        return f"Step {self.step:,} is going to be replayed: its data are being loaded."

    def size(self) -> int:
        """Bytes of the trainer's tensors."""
        return sum(tensor.nbytes for tensor in self.trainer.state()[0].values()) if self.trainer else 0


class States:
    """Copies that replays have left behind, by experiment and step; the oldest go."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], State] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, id: str, trainer: Trainer) -> None:
        state = copied(trainer)
        with self._lock:
            self._kept[id, trainer.step] = state
            self._kept.move_to_end((id, trainer.step))
            while self._kept and sum(t.nbytes for tensors, _ in self._kept.values() for t in tensors.values()) > BYTES:
                self._kept.popitem(last=False)

    def of(self, id: str) -> dict[int, State]:
        with self._lock:
            return {step: state for (one, step), state in self._kept.items() if one == id}

    def forget(self, id: str) -> None:
        with self._lock:
            for key in [key for key in self._kept if key[0] == id]:
                del self._kept[key]


def replayed(
    replay: Replay,
    experiment: Experiment,
    made: Sequence[Made],
    near: dict[int, State],
    snapshots: Snapshots,
    records: Sequence[Record],
    states: States,
    threads: int | None,
    unwanted: Callable[[], bool],
) -> Trainer | None:
    """A trainer at the replay's step, None if that is `unwanted` meanwhile; fills in the replay's `note` and `exact`.

    `made`: what was changed while the run trained; `near`: states at hand, by step; `threads`: on which it began.
    Raises CannotReplay, and what Trainer raises.
    """
    trainer, notes = _nearest(replay, experiment, made, near, snapshots, threads)
    recorded = _losses(records, trainer.step, replay.step)
    weight = Weight()
    weight.guess(trainer)
    if weight.heavy:  # others train and look meanwhile
        lower()
    compared, differing = 0, None
    replay.begun = replay.now = trainer.step
    replay.began, replay.state = time.monotonic(), "replaying"
    while True:
        trainer = history.make_again(trainer, made)
        if trainer.step >= replay.step:
            break
        if trainer.done:
            raise CannotReplay(f"It ended after step {trainer.step:,}: choose an earlier step.")
        if trainer.step == replay.step - BACK and trainer.step > replay.begun:
            states.keep(replay.id, trainer)
        for record in next(trainer):
            value = recorded.get((record.run, record.metric, record.step))
            compared += value is not None
            if value is not None and value != record.value and differing is None:
                differing = record, value
        replay.now = trainer.step
        if unwanted():
            return None
    going = [run for number, run in enumerate(trainer.runs) if number not in trainer.failed]
    if not all(bool(torch.isfinite(p).all()) for run in going for p in run.network.parameters()):
        raise CannotReplay(NOT_FINITE.format(replay.step))
    replay.exact = differing is None
    replay.note = _compared(trainer, replay, compared, differing, notes)
    return trainer


def copied(trainer: Trainer) -> State:
    """A copy of the state of a trainer that is between two steps."""
    tensors, numbers = trainer.state()
    return {name: tensor.clone() for name, tensor in tensors.items()}, numbers


def _nearest(
    replay: Replay,
    experiment: Experiment,
    made: Sequence[Made],
    near: dict[int, State],
    snapshots: Snapshots,
    threads: int | None,
) -> tuple[Trainer, list[str]]:
    """A trainer at the replay's step or before it, as near as there is; and what is to be said about it."""
    notes = []
    steps = {step for step in (*near, *snapshots.steps(replay.id)) if step <= replay.step}
    for step in sorted(steps, reverse=True):
        try:
            tensors, numbers = near[step] if step in near else snapshots.load(replay.id, step)
            if not history.begins_with(made, numbers.get("changes", [])):
                continue  # of a way that it did not take: it was taken up from a checkpoint before
            own = {name: tensor.clone() for name, tensor in tensors.items()}  # others may begin there too
            then = history.settings_after(experiment, made, len(numbers.get("changes", [])))
            trainer = Trainer(then, restored=True).restore(own, numbers)
        except CheckpointError:
            notes.append(f"The snapshot of step {step:,} is damaged and was left out.")
        except (LookupError, ValueError, TypeError, AttributeError, RuntimeError):
            notes.append(f"The snapshot of step {step:,} is of another network and was left out.")
        else:
            trainer.quiet = True
            return trainer, notes
    trainer = Trainer(history.settings_after(experiment, made, 0))
    trainer.use_threads(threads)
    trainer.quiet = True
    if experiment.load:
        notes.append(f"Its first weights are those that {experiment.load!r} has now.")
    return trainer, notes


def _losses(records: Sequence[Record], after: int, until: int) -> dict[tuple[int, str, int], float | None]:
    """The losses of the training, which a replay has too, by (run, metric, step)."""
    return {
        (r.run, r.metric, r.step): r.value for r in records if after < r.step <= until and r.metric.startswith("train_loss")
    }


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
    return " ".join([said, *notes])
