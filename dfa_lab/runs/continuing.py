"""Branching: what begins from a past state. An experiment goes on for more epochs, or another is forked off it.

The state is that of a replay (replay/), trained again where no snapshot lies at the step; nothing that was recorded goes.
"""

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

from dfa_lab.records import Record
from dfa_lab.runs.live import ACTIVE, Live, Status
from dfa_lab.runs.record_list import RecordList
from dfa_lab.runs.replay import history
from dfa_lab.runs.replay.origin import FORKED, Origin, differences
from dfa_lab.runs.replay.replaying import CannotReplay, copied
from dfa_lab.runs.replay.replays import OTHER_VERSION, UNREADABLE, Replays
from dfa_lab.runs.replay.snapshots import trained
from dfa_lab.runs.resuming import BY_ITSELF, RESUMED, ContinueError, place, status_of
from dfa_lab.runs.scheduler import Conductor
from dfa_lab.runs.store.store import Stored
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.wording import refuse
from dfa_lab.train.failures import sentence
from dfa_lab.train.midway import check_midway
from dfa_lab.train.plan import Plan
from dfa_lab.train.preflight import check
from dfa_lab.train.trainer import DIVERGED, Trainer

EPOCHS = "epochs"  # the kind of the event that says how many were given
ASKING = 0.02  # seconds between two looks at the replay that is waited for
ENDED_ITSELF = (
    "Its schedule has ended every run that had not diverged: the training error had stopped falling, or nothing was left to "
    "learn. More epochs change nothing; fork it before its end with another halve_every."
)
WAITS = (
    "Taken up at step {:,}, the last one that was finite, and paused: it would diverge again. Lower the learning rate first."
)


class Branching(Conductor):
    """A part of the manager."""

    replays: Replays
    status: Callable[[str], Status | None]
    records: Callable[[str], list[Record]]
    reached: Callable[[Status], int]

    def last_step(self, id: str) -> int:
        """The step from which a stored experiment goes on: the last that is known of its records, snapshots and changes.

        Of one that failed, the last whose weights gave a finite loss. Of one that was interrupted, the last of which all
        records were kept: snapshots may be ahead of them.
        """
        status = self.status(id)
        if status is None:
            return 0
        if status.state == "failed":
            return self.reached(status)
        try:
            made = history.read(self.store.events(id))
        except (ValueError, TypeError):
            made = []
        known = [status.step - 1] if status.state == "interrupted" else [status.step, *self.snapshots.steps(id)]
        return max(0, *known, *(one["step"] for one in made))

    def train_on(self, id: str, epochs: int, *, paused: bool = False) -> None:
        """Let an experiment that has ended go on, from its last step, until so many epochs are done in all.

        It keeps its id and its records, and trains as if it had been begun with so many. What failed waits at its last
        finite step. Raises KeyError if there is no such experiment, and ContinueError, with a sentence, if it cannot go on;
        what is only found out while it is brought there is told by its status, which is then as before.
        """
        stored = self._idle(id)
        before = stored.experiment
        if before is None:
            raise ContinueError(f"{OTHER_VERSION} Start a new one with the settings that the page Experiments shows of it.")
        step = self.last_step(id)
        try:
            after = before.model_copy(update={"epochs": parse({"epochs": epochs}).epochs})
            plan = Plan(after, check(after).train)
        except SettingsError as error:
            raise ContinueError(str(error)) from error
        if step >= plan.steps:
            raise ContinueError(refuse("epochs", epochs, f"more than {plan.epoch(step):.4g}, since so many are done"))
        records = RecordList(record for record in self.records(id) if record.step <= step and step)
        diverged = stored.state == "failed" and DIVERGED in stored.sentence
        with self._lock:
            old = self._lives.get(id)
            if old is not None and (old.trainer is not None or old.state in ACTIVE):
                raise ContinueError("Its last step is just being written down: try again in a moment.")
            live = Live(id, after, stored.demo, "loading", records=records, begin_paused=paused or diverged)
            live.keep = bool(after.save) or stored.title.startswith(BY_ITSELF)
            if (status := status_of(stored, self.store)) is not None:
                live.last = replace(status, experiment=after, step=step, steps=plan.steps, epoch=plan.epoch(step))
            try:
                self._enter(live)
            except SettingsError as error:
                raise ContinueError(str(error)) from error
        self.store.set_state(id, "loading")
        now = self.store.get(id)
        if now is not None and not self.store.busy(now) and not self.store.problem:
            self._lives.pop(id, None)
            raise ContinueError("Another server that keeps its runs in this folder is busy with it.")
        threading.Thread(target=self._load_on, args=(live, stored, step), name=f"load-{id}", daemon=True).start()

    def settings_at(self, id: str, step: int) -> Experiment:
        """Those in force for the step after this one, with the learning rate that was set meanwhile and the last epochs.

        Raises KeyError, and ContinueError, with a sentence.
        """
        stored = self.store.get(id)
        if stored is None:
            raise KeyError(id)
        if stored.experiment is None:
            raise ContinueError(OTHER_VERSION)
        try:
            made = history.read(self.store.events(id))
            seen = sum(one["step"] <= step for one in made)
            then = history.settings_after(stored.experiment, made, seen)
            rate = history.rate_at(stored.experiment, made, step)
            return then.model_copy(update={"learning_rate": rate, "epochs": stored.experiment.epochs})
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise ContinueError(UNREADABLE) from error

    def fork_at(self, id: str, step: int, changes: Mapping[str, object], *, paused: bool = False, pace: float = 0.0) -> str:
        """Begin a new experiment from the state of another after this step, with these settings others; its id, at once.

        Its curves until then are the other's, and it needs it no more once it runs. Raises KeyError if there is no such
        experiment, SettingsError, with a sentence for each, for settings that cannot be others there, and ContinueError.
        """
        status = self.status(id)
        if status is None:
            raise KeyError(id)
        last = max(self.reached(status), self.last_step(id))
        if not 0 <= step <= last:
            raise ContinueError(f"There is no step {step:,} to fork it at: its steps are 0 to {last:,}.")
        before = self.settings_at(id, step)
        given = {name: value for name, value in before.model_dump().items() if name != "device"}
        after = parse({**given, "save": "", **changes}).model_copy(update={"device": before.device})
        check_midway(before.model_copy(update={"save": ""}), after, step)
        if step >= Plan(after, check(after).train).steps:
            raise SettingsError([refuse("epochs", after.epochs, "more: with these it is over at the step where it begins")])
        live = Live(uuid.uuid4().hex[:10], after, False, "loading", pace=pace, begin_paused=paused)
        live.last = replace(status, id=live.id, experiment=after, demo=False, step=step, sentence="")
        self._enter(live)
        self.store.create(live.id, after)
        self.store.set_state(live.id, "loading")
        source = Origin(id, step, differences(before, after))
        self.store.add_event(live.id, FORKED, source.text())
        threading.Thread(target=self._load_fork, args=(live, source, before), name=f"load-{live.id}", daemon=True).start()
        return live.id

    def _idle(self, id: str) -> Stored:
        """Raises KeyError and ContinueError."""
        live = self._lives.get(id)
        stored = self.store.get(id)
        if stored is None:
            raise KeyError(id)
        if live is not None and live.state in ACTIVE:
            raise ContinueError("It is still training: stop it first.")
        if stored.state in ACTIVE:
            raise ContinueError("Another server that keeps its runs in this folder is busy with it.")
        return stored

    def _load_on(self, live: Live, stored: Stored, step: int) -> None:
        """In a thread of its own: bring it to its last step, then let it train."""
        assert stored.experiment is not None
        try:
            if (found := self._past(live, live.id, step)) is None:
                return self._as_before(live, stored, stored.sentence)
            old, note = found
            if all(run.schedule.ended or number in old.failed for number, run in enumerate(old.runs)):
                raise CannotReplay(ENDED_ITSELF)
            made = history.entry(step, stored.experiment, live.experiment, None)
            trainer = history.with_settings(old, made) if made["settings"] else old
        except Exception as error:
            why = str(error) if isinstance(error, (CannotReplay, SettingsError)) else sentence(error, live.experiment)
            return self._as_before(live, stored, why)
        with live.lock:
            if live.state != "loading":  # stopped meanwhile
                return self._as_before(live, stored, stored.sentence)
            self.store.set_experiment(live.id, live.experiment)
            self.store.add_event(live.id, RESUMED, place(step))
            if made["settings"]:
                said = f"{live.experiment.epochs} epochs, before {stored.experiment.epochs}"
                self.store.add_event(live.id, EPOCHS, f"{said}. {note}" if note else said)
            self.store.cut(live.id, step if step else -1)
            self.snapshots.cut(live.id, step)
            self._begin_from(live, trainer, WAITS.format(step) if live.begin_paused and DIVERGED in stored.sentence else "")
        self._train(live)
        return None

    def _load_fork(self, live: Live, source: Origin, before: Experiment) -> None:
        """In a thread of its own: bring it to where it begins, then let it train."""
        try:
            if (found := self._past(live, source.id, source.step)) is None:
                return
            old, note = found
            rate = live.experiment.learning_rate if "learning_rate" in source.settings else None
            made = history.entry(source.step, old.experiment, live.experiment, rate)
            trainer = history.with_settings(old, made) if made["settings"] or rate is not None else old
            records = [record for record in self.records(source.id) if record.step <= source.step] if source.step else []
        except Exception as error:
            why = str(error) if isinstance(error, (CannotReplay, SettingsError)) else sentence(error, live.experiment)
            self._ended(live, "failed", why)
            return
        with live.lock:
            if live.state != "loading":  # stopped meanwhile
                return
            live.records.extend(records)
            self.store.add_records(live.id, records)
            if note:
                self.store.add_event(live.id, "note", note)
            self._begin_from(live, trainer, "")
            self.snapshots.take(live.id, trainer, live.spacing, last=True)  # it then needs the other one no more
        self._train(live)

    def _past(self, live: Live, id: str, step: int) -> tuple[Trainer, str] | None:
        """A trainer of its own at this step, and what is to be said of it; None when the experiment was stopped meanwhile.

        Raises CannotReplay, and what Trainer raises.
        """
        while not (replay := self.replays.ask(id, step)).over or replay.state == "forgotten":
            with live.lock:
                if live.state != "loading" or self._closed:
                    return None
                live.sentence = replay.words()
            time.sleep(ASKING)
        with replay.turn:
            if replay.trainer is None:
                raise CannotReplay(replay.sentence)
            tensors, numbers = copied(replay.trainer)
            experiment, exact, note = replay.trainer.experiment, replay.exact, replay.note
            dataset = replay.trainer.data
        experiment = experiment.model_copy(update={"save": live.experiment.save})
        trainer = Trainer(experiment, dataset, restored=True).restore(tensors, numbers)
        return trainer, "" if exact else note

    def _begin_from(self, live: Live, trainer: Trainer, why: str) -> None:
        """With its lock held: it runs from here, or waits paused."""
        live.begin(trainer)
        live.sentence = why
        live.changed()  # the checkpoint that there may be is of other settings
        live.spacing.last = trained(trainer)
        self.store.set_state(live.id, live.state, why)
        self.store.add_event(live.id, history.HISTORY, history.text(trainer.changes))
        if trainer.threads_chosen and history.threads(self.store.events(live.id)) is None:
            self.store.add_event(live.id, history.THREADS, str(trainer.threads))

    def _train(self, live: Live) -> None:
        self.replays.forget(live.id)
        if worker := self._worker(live):
            worker.add(live)

    def _as_before(self, live: Live, stored: Stored, why: str) -> None:
        """What could not go on keeps its state and everything that was measured, and says why."""
        self._ended(live, stored.state, why)
        self.store.set_state(live.id, stored.state, why)  # also of one that was stopped while it was brought there
        with self._lock:
            if self._lives.get(live.id) is live:
                del self._lives[live.id]
