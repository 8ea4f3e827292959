"""Live: one experiment that a server holds in memory, and the snapshot of it that readers get."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace

from dfa_lab import data
from dfa_lab.feedback.changing import Change
from dfa_lab.runs.record_list import RecordList
from dfa_lab.runs.replay.snapshots import Spacing
from dfa_lab.runs.store.server import ACTIVE as ACTIVE
from dfa_lab.runs.weight import Weight
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.plan import Plan
from dfa_lab.train.trainer import Trainer

ENDED = ("finished", "stopped", "failed", "interrupted")
OFTEN = 20.0  # seconds between two checkpoints, at least
RARELY = 20.0  # seconds between two checkpoints, at most, within an epoch too: what a kill may cost
FIRST = 1.0  # seconds until the first one, without which nothing goes on


@dataclass(frozen=True)
class Status:
    """What a reader sees of an experiment at one moment."""

    id: str
    experiment: Experiment
    state: str  # one of ACTIVE or ENDED
    sentence: str  # why, where that needs saying
    demo: bool
    step: int = 0
    steps: int = 0
    epoch: float = 0.0
    rate: float = 0.0  # training samples a second, through every run, over the last seconds
    left: float | None = None  # seconds to go
    device: str = ""
    learning_rate: float = 0.0
    pace: float = 0.0  # most steps a second; 0: no limit
    failed: tuple[int, ...] = ()  # numbers of the runs that diverged while others go on
    layers: tuple[int, ...] = ()  # units that receive feedback in each hidden block
    epoch_samples: int = 0  # that an epoch trains on, of an incomplete data set too; 0: nothing was trained yet
    owner: str = ""  # id of the visitor who began it; empty: whoever keeps the server


def plan_of(status: Status, after: Experiment | None = None) -> Plan:
    """The plan of an experiment, without its data; `after`: with these settings, which may differ in what may change midway."""
    experiment = after or status.experiment
    return Plan(experiment, status.epoch_samples or data.facts_of(experiment).train)


@dataclass
class Live:
    """`lock` guards what readers see, for moments only; `turn` is held through a step, while the networks change."""

    id: str
    experiment: Experiment
    demo: bool
    state: str = "loading"
    owner: str = ""  # id of the visitor who began it; empty: whoever keeps the server
    sentence: str = ""
    pace: float = 0.0
    begin_paused: bool = False  # once its data are loaded
    learning_rate: float | None = None  # asked for and not yet given to the trainer
    changes: list[Change] = field(default_factory=list)  # asked for and not yet done, between two steps
    single_steps: int = 0  # still to do while paused
    pause_at: int | None = None  # the step after which it pauses by itself
    trainer: Trainer | None = None
    records: RecordList = field(default_factory=RecordList)
    lock: threading.Lock = field(default_factory=threading.Lock)
    turn: threading.Lock = field(default_factory=threading.Lock)
    onlookers: int = 0  # who wait for their `turn`
    ended: float = 0.0  # time.monotonic() of the end
    touched: float = field(default_factory=time.monotonic)  # when a person last had it go on or pause
    keep: bool = False  # its checkpoint stays when it is stopped
    survives: bool = True  # checkpoints are written while it is active: it goes on after the server has ended
    queues: bool = False  # waits for its turn on the device
    continues: bool = False  # from its checkpoint
    weight: Weight = field(default_factory=Weight)
    worker: str = ""  # the name of the one that trains it
    spacing: Spacing = field(default_factory=Spacing)  # of its snapshots
    shortfall: str = ""  # a sentence, where its data set is not whole
    last: Status | None = None  # what it was when no trainer was there any more, or not yet
    _saved: tuple[float, int, float] = (0.0, 0, 0.0)  # (time, step, epoch) of the last checkpoint
    _not_before: float = 0.0  # after a checkpoint that could not be written
    _ticks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=64))  # (time, step)
    _owed: float = 0.0  # steps that the pace allows now
    _paced: float = 0.0  # when that was reckoned

    def __post_init__(self) -> None:
        self.survives = self.survives and not self.demo

    def take_step(self, now: float) -> bool:
        """True if a step, or what is left of one, is to be done now; it then counts as done. Call it with `lock` held."""
        if self.trainer is None:
            return False
        if not self.trainer.between_steps:
            return True  # what has begun is brought to its end
        if self.state == "paused":
            if not self.single_steps:
                return False
            self.single_steps -= 1
            return True
        if self.state != "running" or self.reached():
            return False
        if not self.pace:
            return True
        self._owed = min(self._owed + (now - self._paced) * self.pace, max(1.0, self.pace / 10))
        self._paced = now
        if self._owed < 1:
            return False
        self._owed -= 1
        return True

    def reached(self) -> bool:
        """Whether it is where it was to pause."""
        return self.trainer is not None and self.pause_at is not None and self.trainer.step >= self.pause_at

    def end_of_epoch(self) -> int | None:
        """The step after which the present epoch, or the one that is about to begin, is over; None without networks."""
        if self.trainer is None:
            return None
        steps = self.trainer.plan.steps_per_epoch
        return (self.trainer.step // steps + 1) * steps

    def stepped(self, now: float) -> None:
        """Count one step for the rate."""
        if self.trainer and (not self._ticks or now - self._ticks[-1][0] > 0.05):
            self._ticks.append((now, self.trainer.step))

    def halt_clock(self) -> None:
        """Forget the rate: a pause is not slow training."""
        self._ticks.clear()
        self._paced = time.monotonic()

    def checkpoint_due(self, now: float) -> bool:
        """Whether the state is to be written down now: it is old, or of what is kept that does not go on by itself."""
        trainer = self.trainer
        if not self.survives or trainer is None or not trainer.between_steps:
            return False
        when, step, epoch = self._saved
        if trainer.step == step:
            return False
        if self.state in ENDED:
            return self.keep
        if now < self._not_before:
            return False
        return (self.keep and self.state == "paused") or now - when >= (OFTEN if int(trainer.epoch) > int(epoch) else RARELY)

    def changed(self) -> None:
        """The networks are not those of the last checkpoint, even if the step is: another one is due."""
        self._saved = (float("-inf"), -1, self._saved[2])

    def checkpointed(self, trainer: Trainer, written: bool) -> None:
        """Count a checkpoint of the present step, or put off the next attempt."""
        if written:
            self._saved = (time.monotonic(), trainer.step, trainer.epoch)
        else:
            self._not_before = time.monotonic() + OFTEN

    def status(self) -> Status:
        """A snapshot of the present moment; after the end, of the last step."""
        trainer, experiment = self.trainer, self.experiment
        if trainer is None:
            rate = self.learning_rate or experiment.learning_rate
            last = self.last or Status(self.id, experiment, self.state, self.sentence, self.demo, learning_rate=rate)
            now = replace(last, state=self.state, sentence=self.sentence, pace=self.pace, rate=0.0, left=None)
            return replace(now, owner=self.owner)
        rate = 0.0
        if len(self._ticks) > 1 and self.state == "running":
            (began, first), (now, last_step) = self._ticks[0], self._ticks[-1]
            rate = (last_step - first) / max(now - began, 1e-9)
        return Status(
            self.id,
            experiment,
            self.state,
            self.sentence or self._told(self.losses()),
            self.demo,
            step=trainer.step,
            steps=trainer.steps,
            epoch=trainer.epoch,
            rate=rate * experiment.batch_size * len(trainer.runs),
            left=(trainer.steps - trainer.step) / rate if rate else None,
            device=trainer.device_title,
            learning_rate=self.learning_rate or trainer.learning_rate,
            pace=self.pace,
            failed=tuple(trainer.failed),
            layers=trainer.units,
            epoch_samples=trainer.plan.size,
            owner=self.owner,
        )

    def losses(self) -> str:
        """The runs that diverged while others go on, for a person."""
        return " ".join(self.trainer.failed.values()) if self.trainer else ""

    def begin(self, trainer: Trainer) -> None:
        """The data are loaded: from now on it runs, or waits paused."""
        self.trainer = trainer
        self.weight.guess(trainer)
        self.shortfall = data.shortfall(data.whole(self.experiment), trainer.data.read)
        self.state = "paused" if self.begin_paused else "running"
        begun = time.monotonic() - (0.0 if self.continues or self.keep else RARELY - FIRST)
        self._saved = (begun, trainer.step, trainer.epoch)
        self.halt_clock()

    def _told(self, why: str) -> str:
        """`why`, and what whoever reads its figures has to know."""
        return " ".join(filter(None, [why, self.shortfall]))

    def end(self, state: str, why: str) -> None:
        """Come to rest in `state`, with a sentence; the networks stay until `let_go`."""
        self.state, self.sentence = state, self._told(why or self.losses())
        self.ended = time.monotonic()
        self._ticks.clear()

    def let_go(self) -> None:
        """Keep the last figures, let go of the networks."""
        self.last = self.status()
        self.trainer = None
