"""MidwayStart: brings an experiment to a step of its own past or of another's, and lets it train from there.

The state is that of a replay (replay/), trained again where no snapshot lies at the step; nothing that was recorded goes.
"""

import threading
import time

from dfa_lab.runs.archive import Archive
from dfa_lab.runs.live import Live
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.reader import Reader
from dfa_lab.runs.replay import history
from dfa_lab.runs.replay.origin import Origin
from dfa_lab.runs.replay.replaying import CannotReplay, copied
from dfa_lab.runs.replay.replays import Replays
from dfa_lab.runs.replay.snapshots import trained
from dfa_lab.runs.resuming import RESUMED, place
from dfa_lab.runs.scheduler import Scheduler
from dfa_lab.runs.store.store import Stored
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.train.failures import sentence
from dfa_lab.train.losses import DIVERGED
from dfa_lab.train.trainer import Trainer

EPOCHS = "epochs"  # the kind of the event that says how many were given
FALLS_ANEW = ". From here on the learning rate is that of a fall over these"
ASKING = 0.02  # seconds between two looks at the replay that is waited for
ENDED_ITSELF = (
    "Its schedule has ended every run that had not diverged: the training error had stopped falling, or nothing was left to "
    "learn. More epochs change nothing; fork it before its end with another halve_every."
)
WAITS = (
    "Taken up at step {:,}, the last one that was finite, and paused: it would diverge again. Lower the learning rate first."
)


class MidwayStart:
    """Each experiment is brought to where it begins in a thread of its own; it has been entered with the scheduler."""

    def __init__(self, archive: Archive, lives: Lives, reader: Reader, replays: Replays, scheduler: Scheduler):
        self._store, self._snapshots = archive.store, archive.snapshots
        self._lives, self._reader, self._replays, self._scheduler = lives, reader, replays, scheduler

    def train_on(self, live: Live, stored: Stored, step: int) -> None:
        """Begin from the experiment's own last step; `stored`: as it was before."""
        threading.Thread(target=self._load_on, args=(live, stored, step), name=f"load-{live.id}", daemon=True).start()

    def fork(self, live: Live, source: Origin, before: Experiment) -> None:
        """Begin from a step of another experiment; `before`: the settings that this one had there."""
        threading.Thread(target=self._load_fork, args=(live, source, before), name=f"load-{live.id}", daemon=True).start()

    def _load_on(self, live: Live, stored: Stored, step: int) -> None:
        """Bring an experiment to its last step, then let it train; in a thread of its own."""
        assert stored.experiment is not None
        try:
            if (found := self._past(live, live.id, step)) is None:
                return self._as_before(live, stored, stored.sentence)
            old, note = found
            if all(run.schedule.ended or number in old.failed for number, run in enumerate(old.runs)):
                raise CannotReplay(ENDED_ITSELF)
            made = history.entry(step, stored.experiment, live.experiment, None)
            trainer = history.with_settings(old, made) if made["settings"] else old
            said = f"{live.experiment.epochs} epochs, before {stored.experiment.epochs}"
            said += FALLS_ANEW if live.experiment.schedule != "constant" else ""
            said += f". {note}" if note else ""
        except Exception as error:
            why = _why(error, live)
            return self._as_before(live, stored, why)
        with live.lock:
            if begins := live.state == "loading":  # not stopped meanwhile
                self._go_on(live, stored, step, said if made["settings"] else "", trainer)
        return self._train(live) if begins else self._as_before(live, stored, stored.sentence)

    def _go_on(self, live: Live, stored: Stored, step: int, said: str, trainer: Trainer) -> None:
        """Write down that an experiment goes on from here; with its lock held. `said`: how many epochs, if that has changed."""
        self._store.set_experiment(live.id, live.experiment)
        self._store.add_event(live.id, RESUMED, place(step))
        if said:
            self._store.add_event(live.id, EPOCHS, said)
        self._store.cut(live.id, step if step else -1)
        self._snapshots.cut(live.id, step)
        self._begin_from(live, trainer, WAITS.format(step) if live.begin_paused and DIVERGED in stored.sentence else "")

    def _load_fork(self, live: Live, source: Origin, before: Experiment) -> None:
        """Bring a fork to where it begins, then let it train; in a thread of its own."""
        try:
            if (found := self._past(live, source.id, source.step)) is None:
                return
            old, note = found
            rate = live.experiment.learning_rate if "learning_rate" in source.settings else None
            made = history.entry(source.step, old.experiment, live.experiment, rate)
            trainer = history.with_settings(old, made) if made["settings"] or rate is not None else old
            theirs = self._reader.records(source.id) if source.step else []
            records = [record for record in theirs if record.step <= source.step]
        except Exception as error:
            why = _why(error, live)
            self._scheduler.ended(live, "failed", why)
            return
        with live.lock:
            if live.state != "loading":  # stopped meanwhile
                return
            live.records.extend(records)
            self._store.add_records(live.id, records)
            if note:
                self._store.add_event(live.id, "note", note)
            self._begin_from(live, trainer, "")
            self._snapshots.take(live.id, trainer, live.spacing, last=True)  # it then needs the other one no more
        self._train(live)

    def _past(self, live: Live, id: str, step: int) -> tuple[Trainer, str] | None:
        """A trainer of its own at this step, and what is to be said of it; None when the experiment was stopped meanwhile.

        Raises CannotReplay, and what Trainer raises.
        """
        while not (replay := self._replays.ask(id, step)).over or replay.state == "forgotten":
            with live.lock:
                if live.state != "loading" or self._lives.closed:
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
        """Let an experiment run from here, or wait paused; with its lock held."""
        live.begin(trainer)
        live.sentence = why
        live.changed()  # the checkpoint that there may be is of other settings
        live.spacing.last = trained(trainer)
        self._store.set_state(live.id, live.state, why)
        if live.state == "paused":  # it does not go on by itself after a restart either
            self._store.add_event(live.id, "paused")
        self._store.add_event(live.id, history.HISTORY, history.text(trainer.changes))
        if trainer.threads_chosen and history.threads(self._store.events(live.id)) is None:
            self._store.add_event(live.id, history.THREADS, str(trainer.threads))

    def _train(self, live: Live) -> None:
        self._replays.forget(live.id)
        self._scheduler.train(live)

    def _as_before(self, live: Live, stored: Stored, why: str) -> None:
        """What could not go on keeps its state and everything that was measured, and says why."""
        self._scheduler.ended(live, stored.state, why)
        self._store.set_state(live.id, stored.state, why)  # also of one that was stopped while it was brought there
        self._lives.drop(live)


def _why(error: Exception, live: Live) -> str:
    """What to say of an experiment that could not be brought to where it goes on."""
    known = isinstance(error, (CannotReplay, SettingsError))
    return str(error) if known else sentence(error, live.experiment, at_home=not live.owner)
