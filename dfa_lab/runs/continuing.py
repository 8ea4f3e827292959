"""Continuing: what goes on from a past state. An experiment is taken up, goes on for more epochs, or is forked."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from dfa_lab.runs.admission import taken_by
from dfa_lab.runs.archive import Archive
from dfa_lab.runs.live import ACTIVE, Live, plan_of
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.midway_start import MidwayStart
from dfa_lab.runs.reader import Reader, status_of
from dfa_lab.runs.record_list import RecordList
from dfa_lab.runs.replay import history
from dfa_lab.runs.replay.origin import FORKED, Origin, differences
from dfa_lab.runs.replay.replays import OTHER_VERSION, UNREADABLE, Replays
from dfa_lab.runs.resuming import BY_ITSELF, PACE, ContinueError, asked_pace, automatic, hold_largest
from dfa_lab.runs.scheduler import Scheduler
from dfa_lab.runs.store.store import Stored
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.wording import refuse
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.losses import DIVERGED
from dfa_lab.train.midway import check_midway
from dfa_lab.train.preflight import check

NOT_BY_ITSELF = "It did not go on by itself after the server had stopped. {} Train on then goes on from its last state."
BUSY_ELSEWHERE = "Another server that keeps its runs in this folder is busy with it."


class Continuing:
    """Every method may be called from any thread; none waits for a training step."""

    def __init__(self, archive: Archive, lives: Lives, reader: Reader, replays: Replays, scheduler: Scheduler):
        self._archive, self._store = archive, archive.store
        self._lives, self._reader, self._replays, self._scheduler = lives, reader, replays, scheduler
        self._midway = MidwayStart(archive, lives, reader, replays, scheduler)

    def resume_interrupted(self, starved: bool) -> None:
        """Take up what an earlier server was busy with and goes on by itself (resuming.py).

        `starved`: that server was killed for want of memory; what takes most of it does not go on.
        """
        if starved:
            hold_largest(self._store, taken_by)
        for stored, step in automatic(self._store, self._archive.checkpoints):
            with suppress(ContinueError):  # another server was faster
                try:
                    self._take_up(stored, step, queues=stored.title.startswith(BY_ITSELF))
                except SettingsError as error:
                    self._store.set_state(stored.id, "interrupted", NOT_BY_ITSELF.format(error))

    def continue_stored(self, id: str) -> None:
        """Take up an experiment that was stopped or interrupted from its checkpoint, as if it had not been.

        It keeps its id; what was measured after the checkpoint is measured again. Nothing happens if it is active.
        Raises KeyError if there is no such experiment, and ContinueError, with a sentence, if it cannot be continued.
        """
        if (live := self._lives.get(id)) and self._scheduler.undo_stop(live):
            return
        stored = self._store.get(id)
        if stored is None:
            raise KeyError(id)
        if stored.state in ACTIVE:
            raise ContinueError(BUSY_ELSEWHERE)
        if stored.state == "finished":
            raise ContinueError("It is finished.")
        if stored.experiment is None:
            raise ContinueError("Its settings are those of another version of the lab.")
        try:
            step = self._archive.checkpoints.step(id, stored.experiment)
        except CheckpointError as error:
            raise ContinueError(str(error)) from error
        self._take_up(stored, step, queues=True)
        self._replays.forget(id)  # it may take another way now

    def last_step(self, id: str) -> int:
        """The step from which a stored experiment goes on: the last that is known of its records, snapshots and changes.

        Of one that failed, the last whose weights gave a finite loss. Of one that was interrupted, the last of which all
        records were kept: snapshots may be ahead of them.
        """
        status = self._reader.status(id)
        if status is None:
            return 0
        if status.state == "failed":
            return self._reader.reached(status)
        try:
            made = history.read(self._store.events(id))
        except (ValueError, TypeError):
            made = []
        known = [status.step - 1] if status.state == "interrupted" else [status.step, *self._archive.snapshots.steps(id)]
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
            after = parse({**before.model_dump(), "device": "auto", "epochs": epochs})
            after = after.model_copy(update={"device": before.device})  # which the check below looks at
            check(after)
        except SettingsError as error:
            raise ContinueError(str(error)) from error
        known = status_of(stored, self._store)
        assert known is not None  # its settings can be read
        plan = plan_of(known, after)
        if step >= plan.steps:
            raise ContinueError(refuse("epochs", epochs, f"more than {plan.epoch(step):.4g}, since so many are done"))
        records = RecordList(record for record in self._reader.records(id) if record.step <= step and step)
        diverged = stored.state == "failed" and DIVERGED in stored.sentence
        with self._lives.lock:
            old = self._lives.get(id)
            if old is not None and (old.trainer is not None or old.state in ACTIVE):
                raise ContinueError("Its last step is just being written down: try again in a moment.")
            live = Live(id, after, stored.demo, "loading", stored.owner, records=records, begin_paused=paused or diverged)
            live.keep = bool(after.save) or stored.title.startswith(BY_ITSELF)
            live.last = replace(known, experiment=after, step=step, steps=plan.steps, epoch=plan.epoch(step))
            try:
                self._scheduler.enter(live)
            except SettingsError as error:
                raise ContinueError(str(error)) from error
        self._store.set_state(id, "loading")
        if self._archive.taken_elsewhere(id):
            self._lives.pop(id)
            raise ContinueError(BUSY_ELSEWHERE)
        self._midway.train_on(live, stored, step)

    def settings_at(self, id: str, step: int) -> Experiment:
        """The settings in force for the step after this one, with the learning rate that was set meanwhile and the last epochs.

        Raises KeyError, and ContinueError, with a sentence.
        """
        stored = self._store.get(id)
        if stored is None:
            raise KeyError(id)
        if stored.experiment is None:
            raise ContinueError(OTHER_VERSION)
        try:
            made = history.read(self._store.events(id))
            seen = sum(one["step"] <= step for one in made)
            then = history.settings_after(stored.experiment, made, seen)
            rate = history.rate_at(stored.experiment, made, step)
            return then.model_copy(update={"learning_rate": rate, "epochs": stored.experiment.epochs})
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise ContinueError(UNREADABLE) from error

    def fork_at(
        self, id: str, step: int, changes: Mapping[str, object], owner: str, *, paused: bool = False, pace: float = 0.0
    ) -> str:
        """Begin a new experiment from the state of another after this step, with these settings changed; its id, at once.

        Its curves until then are the other's, which it needs no more once it runs. Raises KeyError if there is no such
        experiment, SettingsError, with a sentence for each, for settings that cannot change there, and ContinueError.
        """
        status = self._reader.status(id)
        if status is None:
            raise KeyError(id)
        last = max(self._reader.reached(status), self.last_step(id))
        if not 0 <= step <= last:
            raise ContinueError(f"There is no step {step:,} to fork it at: its steps are 0 to {last:,}.")
        before = self.settings_at(id, step)
        given = {name: value for name, value in before.model_dump().items() if name != "device"}
        after = parse({**given, "save": "", **changes}).model_copy(update={"device": before.device})
        plan = plan_of(status, after)
        check_midway(before.model_copy(update={"save": ""}), after, step, plan)
        check(after)
        if step >= plan.steps:
            raise SettingsError([refuse("epochs", after.epochs, "more: with these it is over at the step where it begins")])
        live = Live(uuid.uuid4().hex[:10], after, False, "loading", owner, pace=pace, begin_paused=paused)
        live.last = replace(status, id=live.id, experiment=after, demo=False, step=step, sentence="", owner=owner)
        self._scheduler.enter(live)
        self._store.create(live.id, after, owner=owner)
        self._store.set_state(live.id, "loading")
        if pace:
            self._store.add_event(live.id, PACE, str(pace))
        source = Origin(id, step, differences(before, after))
        self._store.add_event(live.id, FORKED, source.text())
        self._midway.fork(live, source, before)
        return live.id

    def _idle(self, id: str) -> Stored:
        """The experiment as the store holds it. Raises KeyError, and ContinueError if somebody is busy with it."""
        live = self._lives.get(id)
        stored = self._store.get(id)
        if stored is None:
            raise KeyError(id)
        if live is not None and live.state in ACTIVE:
            raise ContinueError("It is still training: stop it first.")
        if stored.state in ACTIVE:
            raise ContinueError(BUSY_ELSEWHERE)
        return stored

    def _take_up(self, stored: Stored, step: int, *, queues: bool) -> None:
        """Load or queue an experiment of the store, to go on from `step`: that of its checkpoint, or 0."""
        assert stored.experiment is not None
        records = RecordList(record for record in self._store.records(stored.id) if record.step <= step)
        status = status_of(stored, self._store)
        live = Live(stored.id, stored.experiment, False, "loading", stored.owner, keep=True, queues=queues, records=records)
        live.state = "queued" if queues else "loading"
        live.continues, live.pace = step > 0, asked_pace(self._store, stored.id)
        if status is not None:
            live.last = replace(status, step=step, epoch=records[-1].epoch if records else 0.0)
        self._store.set_state(live.id, live.state)
        if self._archive.taken_elsewhere(live.id):
            raise ContinueError(BUSY_ELSEWHERE)
        try:
            self._scheduler.enter(live, may_wait=True, owner=stored.owner)
        except SettingsError:
            self._store.set_state(live.id, "interrupted", stored.sentence)
            raise
        self._store.set_state(live.id, live.state)
        self._scheduler.begin_queued() if live.state == "queued" else self._scheduler.load(live)
