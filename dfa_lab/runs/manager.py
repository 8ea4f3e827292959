"""Manager: starts experiments, keeps them running without a page, and answers every reader with copies."""

import atexit
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dfa_lab.feedback.changing import Change
from dfa_lab.records import Record
from dfa_lab.runs.archive import Archive
from dfa_lab.runs.continuing import Continuing
from dfa_lab.runs.controls import Controls
from dfa_lab.runs.demo import demonstration
from dfa_lab.runs.live import ACTIVE, ENDED, Live, Status
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.promises import Promises
from dfa_lab.runs.purging import purge
from dfa_lab.runs.reader import Reader
from dfa_lab.runs.replay.replays import Replays
from dfa_lab.runs.rights import PERSON, Rights, Visitor
from dfa_lab.runs.scheduler import Scheduler
from dfa_lab.runs.speed import Speed
from dfa_lab.runs.visitors import Visitors
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train import saved
from dfa_lab.train.trainer import Trainer

T = TypeVar("T")
Who = Callable[[], Visitor]
DEMO_PAUSE = 8.0  # seconds that a finished demonstration stays on screen before it starts again


class Manager:
    """The experiments of one server. Every method may be called from any thread.

    None but `close` and `look` waits for a training step. It is the face of its parts, of which each knows only those before
    it: an archive (what lies on the disk), lives (what is in memory), a reader of both, replays, a scheduler, and so on.
    """

    def __init__(self, folder: Path, *, resume: bool = True, starved: bool = False, quota: str = "", who: Who = lambda: PERSON):
        """`resume`: what was interrupted goes on where it does so by itself (resuming.py). `quota`: a size, see quota.py.

        `starved`: the server before was killed for want of memory: what took most does not go on.
        `who`: whoever is acting in the thread that calls. Methods that change something raise NotAllowed, with a sentence,
        where that is not theirs to change (rights.py).
        """
        self._archive = Archive(folder, quota, lambda: "" if (one := who()).administrator else one.id)
        self.store, self.quota = self._archive.store, self._archive.quota
        self.rules, self.shares = self._archive.rules, self._archive.shares
        self.checkpoints, self.snapshots = self._archive.checkpoints, self._archive.snapshots
        self._lives = Lives()
        self.rights, self.visitors = Rights(self._lives, self.store, self.rules, who), Visitors(self.store)
        self._reader, self._demos = Reader(self._lives, self.store), count()
        self.promises, self.speed = Promises(self._lives), Speed(self._lives)
        self.replays = Replays(self._archive, self._reader, self.promises, who)
        self._scheduler = Scheduler(self._archive, self._lives, self.promises)
        self._continuing = Continuing(self._archive, self._lives, self._reader, self.replays, self._scheduler)
        self._controls = Controls(self._lives, self.store, self._scheduler)
        self._archive.tidy()
        atexit.register(self.close)
        if resume:
            self._continuing.resume_interrupted(starved)

    @property
    def problem(self) -> str:
        """Empty, or why runs are not kept as they should be, for a person; whoever keeps the server reads where that is."""
        said = self._archive.problem
        return said if self.rights.who().administrator else said.replace(str(self.store.folder), "the folder of runs")

    # beginning and ending

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

        Whatever runs, but for the demonstration, goes on after the server was stopped or killed (resuming.py). `keep`: it
        can be continued after it was stopped too; it then waits while MOST_KEPT_RUNNING others of this kind run on its
        device. What finds no place or memory waits as well (admission.py).
        Raises SettingsError, with a sentence, for what can never begin, and where a run of the name in `save` is kept.
        """
        owner = "" if demo else self.rights.begin(experiment.model_dump())
        live = Live(uuid.uuid4().hex[:10], experiment, demo, owner=owner, pace=pace, begin_paused=paused, queues=keep)
        live.keep = keep or bool(experiment.save)
        if experiment.save:
            taken = [one.experiment.save for one in self._lives.all() if one.state in ACTIVE]
            saved.claim(experiment.save, None, taken, self.store.folder)
        return self._scheduler.begin(live, None, title)

    def demo(self) -> str:
        """The demonstration that newcomers share. Started when first asked for, and again a while after it has ended."""
        with self._lives.lock:
            id = self._lives.demo
            live = self._lives.get(id)
            if id is None or live is None or (live.state in ENDED and time.monotonic() - live.ended > DEMO_PAUSE):
                if live is not None:
                    self._lives.pop(live.id)
                    self.store.delete(live.id)
                    self._forget(live.id)
                experiment, pace = demonstration(seed=next(self._demos))
                id = self._lives.demo = self.start(experiment, pace=pace, demo=True)
            return id

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
        owner = self.rights.begin({})  # what is copied, its owner has chosen
        copy = Live(uuid.uuid4().hex[:10], unsaved, False, owner=owner, pace=live.pace, begin_paused=paused)
        return self._scheduler.begin(copy, live, "")

    def fork_at(self, id: str, step: int, changes: Mapping[str, object], *, paused: bool = False, pace: float = 0.0) -> str:
        """A new experiment from the state of another after a past step, see Continuing.fork_at; its id, at once."""
        return self._continuing.fork_at(id, step, changes, self.rights.begin(changes), paused=paused, pace=pace)

    def continue_stored(self, id: str) -> None:
        """Take up an experiment from its checkpoint, see Continuing.continue_stored."""
        self.rights.change(id)
        self._continuing.continue_stored(id)

    def train_on(self, id: str, epochs: int, *, paused: bool = False) -> None:
        """Let an experiment that has ended go on, see Continuing.train_on."""
        self.rights.change(id)
        self._continuing.train_on(id, epochs, paused=paused)

    def stop(self, id: str) -> None:
        """End an experiment; what was measured stays, and so does the checkpoint, which is written after the step in hand."""
        self.rights.change(id)
        self._controls.stop(id)

    def delete(self, id: str) -> None:
        """Stop an experiment and remove everything there is of it, unless another live server is busy with it."""
        self.rights.change(id)
        live = self._lives.pop(id)
        if live is not None:
            live.keep = live.survives = False
            self._scheduler.finish(live, "stopped", "")
        self.store.delete(id)
        if self.store.get(id) is None:
            self.checkpoints.remove(id)
            self._forget(id)

    def purge(self, *ids: str) -> str:
        """Remove experiments with all they have for good; what came of it, for a person."""
        for id in ids:
            self.rights.change(id)
        return purge(self._archive, ids, self.delete, compact=self.rights.who().administrator)

    def describe(self, id: str, **said: Any) -> None:
        """Change what a person says about an experiment, see Store.update."""
        self.rights.change(id)
        self.store.update(id, **said)

    def remove(self, id: str) -> None:
        """Stop an experiment and take it off the lists; what another live server is busy with stays."""
        self.stop(id)
        self.store.remove(id)

    def restore(self, id: str) -> None:
        """Undo `remove`."""
        self.rights.change(id)
        self.store.restore(id)

    def close(self) -> None:
        """Bring the steps in hand to their end, write what is left, and stop the threads; the second time, nothing."""
        atexit.unregister(self.close)
        with self._lives.lock:
            if self._lives.closed:
                return
            self._lives.closed = True
            self.replays.close()
        self._scheduler.close()
        self._archive.close()

    # while it trains

    def pause(self, id: str) -> None:
        """Pause an experiment; one that waits or whose data are still being loaded then begins paused."""
        self.rights.change(id)
        self._controls.pause(id)

    def resume(self, id: str) -> None:
        """Let an experiment go on; one that waits or whose data are still being loaded then does not begin paused."""
        self.rights.change(id)
        self._controls.resume(id)

    def step(self, id: str) -> None:
        """Pause, then do one step of every run."""
        self.rights.change(id)
        self._controls.step(id)

    def epoch(self, id: str) -> None:
        """Do every step to the end of the present epoch, then pause. Nothing happens before its data are loaded."""
        self.rights.change(id)
        self._controls.epoch(id)

    def set_learning_rate(self, id: str, rate: float) -> None:
        """Set the learning rate from the next step on. It must have passed `parse`."""
        self.rights.change(id)
        self._controls.set_learning_rate(id, rate)

    def change_feedback(self, id: str, change: Change) -> None:
        """Have the feedback changed before the next step; no effect where no rule has such. The event names the step."""
        self.rights.change(id)
        self._controls.change_feedback(id, change)

    def set_pace(self, id: str, pace: float) -> None:
        """Do at most this many steps a second; 0: as fast as it goes."""
        self.rights.change(id)
        self._controls.set_pace(id, pace)

    # reading

    def status(self, id: str) -> Status | None:
        """A snapshot of an experiment of this server or of the store; None if there is no such."""
        status = self._reader.status(id)
        if status is not None and status.state == "queued" and not status.sentence and (live := self._lives.get(id)):
            with self._lives.lock:
                return replace(status, sentence=self._scheduler.queue.admission.sentence(live))
        return status

    def in_memory(self, id: str) -> bool:
        """Whether its status and records are at hand without the store."""
        return self._reader.in_memory(id)

    def record_count(self, id: str) -> int:
        """How many records are in memory."""
        return self._reader.record_count(id)

    def records(self, id: str, since: int = 0) -> list[Record]:
        """A copy of the records from number `since` on."""
        return self._reader.records(id, since)

    def record_table(self, id: str, since: int = 0) -> np.ndarray:
        """The records from number `since` on as columns, see Reader.record_table."""
        return self._reader.record_table(id, since)

    def record_list(self, id: str) -> int:
        """The number of the list in memory, 0 where the records are in the store alone, see Reader.record_list."""
        return self._reader.record_list(id)

    def last(self, id: str, metric: str, runs: int) -> list[Record]:
        """The last record of a metric of the whole network for each run, but none of step 0."""
        return self._reader.last(id, metric, runs)

    def newest(self, id: str) -> Record | None:
        """The last record."""
        return self._reader.newest(id)

    def reached(self, status: Status) -> int:
        """The last step that can be replayed, see Reader.reached."""
        return self._reader.reached(status)

    def last_step(self, id: str) -> int:
        """The step from which a stored experiment goes on, see Continuing.last_step."""
        return self._continuing.last_step(id)

    def settings_at(self, id: str, step: int) -> Experiment:
        """The settings in force for the step after this one, see Continuing.settings_at."""
        return self._continuing.settings_at(id, step)

    def look(self, id: str, function: Callable[[Trainer], T], wait: float | None = None) -> T:
        """`function(trainer)` between two steps, while the training waits: it takes at most some tens of milliseconds,
        changes nothing and returns copies. Who needs longer looks several times.

        A step that lasts longer than `wait` (LOOKING) seconds is not waited for: it then looks between two parts of it.
        Raises Gone, with a sentence, if there are no networks to look at.
        """
        return self._reader.look(id, function, wait)

    def has_networks(self, id: str) -> bool:
        """Whether `look` has something to look at, now or soon."""
        return self._reader.has_networks(id)

    # inside

    def _forget(self, id: str) -> None:
        self.snapshots.remove(id)
        self.replays.forget(id)
