"""What the store holds of the paper's cells: ours beside the published figure."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, inf
from statistics import mean, stdev

from dfa_lab import data
from dfa_lab.paper.tables import Published
from dfa_lab.records import Record
from dfa_lab.runs.live import ACTIVE
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.replay import history
from dfa_lab.runs.resuming import BY_ITSELF
from dfa_lab.runs.store.store import Stored
from dfa_lab.settings.experiment import Experiment, extra
from dfa_lab.train.checkpoint import CheckpointError

NEAR = 2  # standard deviations of the published runs within which ours counts as equal
MACHINE = {name for name, field in Experiment.model_fields.items() if extra(field)["local"]} | {"device"}


@dataclass(frozen=True)
class Outcome:
    """One experiment of a cell, as far as it has come."""

    id: str
    experiment: Experiment
    state: str
    sentence: str
    errors: tuple[float, ...]  # test error of each seed in percent, after `epoch`; none before the first epoch has ended
    epoch: int
    reached: float  # epochs trained, with fractions
    seconds: float  # spent in training steps, all seeds together
    left: float | None  # seconds to go
    continues: int | None  # the epoch that it can be continued from; None: it cannot
    changed: bool = False  # somebody changed its learning rate while it ran: it is not what the row says

    @property
    def error(self) -> float | None:
        """Mean over the seeds, in percent."""
        return mean(self.errors) if self.errors else None

    @property
    def std(self) -> float | None:
        """Standard deviation over the seeds (n - 1), in percent points; None for one seed."""
        return stdev(self.errors) if len(self.errors) > 1 else None

    @property
    def active(self) -> bool:
        """Whether it runs or waits."""
        return self.state in ACTIVE

    @property
    def progress(self) -> float:
        """The share of the epochs asked for that is done, from 0 to 1."""
        return min(1.0, self.reached / self.experiment.epochs)


def compare(ours: float, published: Published) -> str:
    """lower, near or higher: our error against the published one, near within NEAR of its standard deviations."""
    difference = ours - published.error
    if abs(difference) <= NEAR * published.std + 1e-9:
        return "near"
    return "higher" if difference > 0 else "lower"


def same(experiment: Experiment, other: Experiment) -> bool:
    """Whether both train the same, wherever they do."""
    left, right = (one.model_dump(exclude=MACHINE) for one in (experiment, other))
    return left == right


def best(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The one whose figures to show of a cell's, which come newest first: what has come furthest, with the most seeds."""
    return max(outcomes, key=lambda one: (one.epoch, len(one.errors)), default=None)  # of equals, the first


class Outcomes:
    """Reads the cells' experiments, for any number of threads; what has ended and was read before is not read again."""

    def __init__(self, manager: Manager):
        self._manager = manager
        self._ended: dict[tuple[str, str, int], tuple[list[Record], list[Record]]] = {}
        self._lock = threading.Lock()
        self._read: tuple[float, dict[str, list[Outcome]]] = (-inf, {})  # (time.monotonic(), what was found)

    def read(self, age: float = 0.0) -> dict[str, list[Outcome]]:
        """Title -> the experiments of that cell, newest first; or what was read at most `age` seconds ago."""
        with self._lock:
            if time.monotonic() - self._read[0] > age:
                self._read = (time.monotonic(), self._all())
            return self._read[1]

    def _all(self) -> dict[str, list[Outcome]]:
        found: dict[str, list[Outcome]] = {}
        for stored in self._manager.store.titled(BY_ITSELF):
            if stored.experiment is not None:
                found.setdefault(stored.title, []).append(self._outcome(stored, stored.experiment))
        return found

    def _outcome(self, stored: Stored, experiment: Experiment) -> Outcome:
        manager, id, runs = self._manager, stored.id, len(experiment.runs())
        state, sentence, reached, left = stored.state, stored.sentence, 0.0, None
        if manager.store.busy(stored) and (status := manager.status(id)):
            state, sentence, reached, left = status.state, status.sentence, status.epoch, status.left
        errors, newest = self._figures(id, state, runs)
        if newest:
            reached = max(reached, newest[0].epoch)
        return Outcome(
            id,
            experiment,
            state,
            sentence,
            tuple(100 * record.value for record in errors if record.value is not None),
            round(errors[0].epoch) if errors else 0,
            reached,
            sum(record.seconds for record in newest),
            left,
            None if state in (*ACTIVE, "finished") else self._continues(id, experiment),
            history.by_hand(manager.store.events(id), experiment),
        )

    def _figures(self, id: str, state: str, runs: int) -> tuple[list[Record], list[Record]]:
        """The last test errors and the last training losses, whose times are the newest."""
        if state in ACTIVE:
            return self._manager.last(id, "test_error", runs), self._manager.last(id, "train_loss", runs)
        key = (id, state, self._manager.store.count(id))
        if key not in self._ended:
            self._ended[key] = (self._manager.last(id, "test_error", runs), self._manager.last(id, "train_loss", runs))
        return self._ended[key]

    def _continues(self, id: str, experiment: Experiment) -> int | None:
        try:
            step = self._manager.checkpoints.step(id, experiment)
        except CheckpointError:
            return None
        return step // ceil(data.whole(experiment).train / experiment.batch_size)
