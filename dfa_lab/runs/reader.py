"""Reader: what an experiment is and has measured, for everybody who asks: from memory, or from the store."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from dfa_lab import data, networks
from dfa_lab.records import Record
from dfa_lab.runs.access import GONE, Gone, with_trainer
from dfa_lab.runs.live import Status, plan_of
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.record_list import RecordList
from dfa_lab.runs.store.store import Store, Stored
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.train.trainer import Trainer

T = TypeVar("T")


class Reader:
    """Every method may be called from any thread and returns copies; none but `look` waits for a training step."""

    def __init__(self, lives: Lives, store: Store):
        self._lives, self._store = lives, store

    def status(self, id: str) -> Status | None:
        """A snapshot of an experiment of this server or of the store; None if there is no such."""
        if live := self._lives.get(id):
            with live.lock:
                return live.status()
        stored = self._store.get(id)
        return None if stored is None else status_of(stored, self._store)

    def in_memory(self, id: str) -> bool:
        """Whether its status and records are at hand without the store."""
        return id in self._lives

    def record_list(self, id: str) -> int:
        """The number of the list in memory, 0 where the records are in the store alone.

        The number changes when records are taken back, as an experiment goes on from an earlier step.
        """
        live = self._lives.get(id)
        return live.records.number if live else 0

    def record_count(self, id: str) -> int:
        """How many records are in memory."""
        live = self._lives.get(id)
        return len(live.records) if live else 0

    def records(self, id: str, since: int = 0) -> list[Record]:
        """A copy of the records from number `since` on."""
        if live := self._lives.get(id):
            return live.records[since:]
        return self._store.records(id, since)

    def record_table(self, id: str, since: int = 0) -> np.ndarray:
        """The records from number `since` on as columns (record_list.COLUMNS), without an object for each.

        It is for whoever asks for many again and again.
        """
        if live := self._lives.get(id):
            return live.records.table(since)
        return RecordList(self._store.records(id, since)).table()

    def last(self, id: str, metric: str, runs: int) -> list[Record]:
        """The last record of a metric of the whole network for each run, but none of step 0."""
        live = self._lives.get(id)
        if live is None:
            return self._store.last(id, metric, runs)
        found: dict[int, Record] = {}
        for number in range(len(live.records) - 1, -1, -1):
            record = live.records[number]
            if record.step == 0 or len(found) == runs:
                break
            if record.metric == metric and record.layer is None:
                found.setdefault(record.run, record)
        return [found[run] for run in sorted(found)]

    def newest(self, id: str) -> Record | None:
        """The last record."""
        if live := self._lives.get(id):
            return live.records[-1] if live.records else None
        return next(iter(self._store.records(id, since=self._store.count(id) - 1)), None)

    def reached(self, status: Status) -> int:
        """The last step that can be replayed: of one that failed, the last whose weights gave a finite loss in the next."""
        if status.state != "failed":
            return status.step
        return max(0, newest.step - 1) if (newest := self.newest(status.id)) else 0

    def look(self, id: str, function: Callable[[Trainer], T], wait: float | None = None) -> T:
        """`function(trainer)` between two steps, see Manager.look. Raises Gone, with a sentence."""
        live = self._lives.get(id)
        if live is None:
            raise Gone(GONE)
        return with_trainer(live, function, wait)

    def has_networks(self, id: str) -> bool:
        """Whether `look` has something to look at, now or soon."""
        live = self._lives.get(id)
        return live is not None and (live.trainer is not None or live.state in ("queued", "loading"))


def status_of(stored: Stored, store: Store) -> Status | None:
    """The status of an experiment that no thread works on; None if its settings cannot be read."""
    experiment = stored.experiment
    if experiment is None:
        return None
    last = store.records(stored.id, since=store.count(stored.id) - 1)
    step, epoch = (last[0].step, last[0].epoch) if last else (0, 0.0)
    facts = data.facts_of(experiment)
    found = Status(
        stored.id,
        experiment,
        stored.state,
        stored.sentence,
        stored.demo,
        step=step,
        epoch=epoch,
        learning_rate=experiment.learning_rate,
        layers=_units(experiment, facts),
        epoch_samples=_epoch_samples(facts, last),
        owner=stored.owner,
    )
    return replace(found, steps=plan_of(found).steps)


def _epoch_samples(facts: data.Facts, last: list[Record]) -> int:
    """How many samples an epoch of a set that is read from files has trained on, by its last record: these may be others than
    were published."""
    if not facts.megabytes or not last or last[0].epoch <= 0:
        return 0
    return round(last[0].samples / last[0].epoch)


def _units(experiment: Experiment, facts: data.Facts) -> tuple[int, ...]:
    """Units that receive feedback in each hidden block; none where such a network cannot be."""
    try:
        return networks.units(experiment, facts)
    except (SettingsError, RuntimeError):
        return ()
