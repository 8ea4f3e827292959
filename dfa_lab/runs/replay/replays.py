"""Replays: the networks of an experiment as they were after any past step, for all visitors of a server."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import torch

from dfa_lab.machine.device import resolve
from dfa_lab.runs import admission
from dfa_lab.runs.access import Gone
from dfa_lab.runs.archive import Archive
from dfa_lab.runs.promises import NoMemory, Promise, Promises
from dfa_lab.runs.reader import Reader
from dfa_lab.runs.replay import history
from dfa_lab.runs.replay.line import EACH, FULL, MOST, OWN_FULL, Line, seconds_until_one_is_over
from dfa_lab.runs.replay.replaying import CannotReplay, Replay, State, States, copied, replayed
from dfa_lab.runs.rights import NOBODY, PERSON, Visitor
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.failures import sentence
from dfa_lab.train.trainer import Trainer

T = TypeVar("T")
KEPT = 8  # replayed trainers, but
BYTES = 2**30  # no more than this of tensors, the last one excepted
FORGOTTEN = 5.0  # seconds after which a replay that nobody asks about any more is given up
LOOK = 0.05  # seconds between two looks of one that waits for its turn, or for memory
SOON = 1.0  # and after which one is whose visitor has left it
OTHER_VERSION = "Its settings are those of another version of the lab: it cannot be trained again here."
UNREADABLE = "What was changed while it trained cannot be read: it cannot be replayed."
LATER = "Nothing runs here that would give some back: free some of this computer's memory, then try again."
FOLLOWS = "Step {:,} is being replayed: the pictures follow."

log = logging.getLogger(__name__)


class Replays:
    """Who asks for the same step looks at the same trainer."""

    def __init__(self, archive: Archive, reader: Reader, promises: Promises, who: Callable[[], Visitor] = lambda: PERSON):
        """`who`: whoever is acting in the thread that calls."""
        self._who = who
        self._store, self._snapshots, self._checkpoints = archive.store, archive.snapshots, archive.checkpoints
        self._reader, self._promises = reader, promises
        self._known: OrderedDict[tuple[str, int], Replay] = OrderedDict()  # the one asked for last at the end
        self._states = States()
        self._lock = threading.Lock()
        self._line = Line()
        self._closed = False

    def ask(self, id: str, step: int) -> Replay:
        """The replay, begun if there is none. Who waits for it asks again and again, or it is given up.

        One that is refused has failed, with a sentence that says when to ask again.
        """
        who = self._who()
        with self._lock:
            found = self._known.get((id, step))
            if found is None or found.state == "forgotten":
                if why := self._refusal(who):
                    return Replay(id, step, "failed", why)
                found = self._known[id, step] = Replay(id, step)
                self._line.join(found, self._device(id), who.id)
                threading.Thread(target=self._work, args=(found,), name=f"replay-{id}", daemon=True).start()
            self._known.move_to_end((id, step))
            found.asked = time.monotonic()
            found.visitors.add(who.id)
            return found

    def _refusal(self, who: Visitor) -> str:
        """Empty, or why this visitor gets no other replay now. The lab's own threads, which go on from a past step, get one."""
        if who.administrator or who == NOBODY:
            return ""
        now = time.monotonic()
        wanted = [one for one in self._known.values() if not one.over and now - one.asked <= FORGOTTEN]
        theirs = [one for one in wanted if who.id in one.visitors]
        if len(theirs) >= EACH:
            return OWN_FULL.format(seconds_until_one_is_over(theirs))
        return FULL.format(seconds_until_one_is_over(wanted)) if len(wanted) >= MOST else ""

    def leave(self, id: str, step: int) -> None:
        """A visitor looks at something else: it is given up soon, unless others ask about it."""
        with self._lock:
            if (found := self._known.get((id, step))) and not found.over:
                found.asked = time.monotonic() - FORGOTTEN + SOON
                found.visitors.discard(self._who().id)

    def again(self, id: str, step: int) -> None:
        """Forget one that failed, so that it is tried again."""
        with self._lock:
            if (found := self._known.get((id, step))) and found.state == "failed":
                del self._known[id, step]

    def look(self, id: str, step: int, function: Callable[[Trainer], T]) -> T:
        """`function(trainer)`, which changes nothing and returns copies. Raises Gone while there is no such trainer."""
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
        last, experiment = self._reader.newest(id), self._experiment(id)
        if last is None or not last.step or experiment is None:
            return 0.0
        from_step = max((one for one in self._snapshots.steps(id) if one <= step), default=0)
        return (step - from_step) * last.seconds / last.step * len(experiment.runs())

    def forget(self, id: str) -> None:
        """The experiment was deleted, or takes another way from now on."""
        self._states.forget(id)
        with self._lock:
            for key in [key for key in self._known if key[0] == id]:
                self._known.pop(key).asked = float("-inf")

    def close(self) -> None:
        """Give up what is being replayed."""
        self._closed = True

    def _work(self, replay: Replay) -> None:
        def unwanted() -> bool:
            return self._closed or time.monotonic() - replay.asked > FORGOTTEN

        promise = None
        try:
            experiment = self._experiment(replay.id)
            wanted = _memory(experiment) if experiment else (0, None, 0)
            while (promise := self._turn(replay, *wanted)) is None:
                if unwanted():
                    replay.state = "forgotten"
                    return
                time.sleep(LOOK)
            replay.state = "loading"
            trainer = self._replayed(replay, unwanted)
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
            why = "" if known else sentence(error, self._experiment(replay.id), at_home=self._who().administrator)
            replay.sentence = str(error) if known else f"It cannot be replayed: {why}"
            replay.state = "failed"
        finally:
            if promise:
                promise.release()  # what it took is free no more
            self._line.leave(replay)

    def _turn(self, replay: Replay, size: int, gpu: torch.device | None, on_gpu: int) -> Promise | None:
        """Memory for a replay whose turn has come; None before that, or while there is none, when others of the line pass.

        Raises CannotReplay.
        """
        try:
            promise = self._promises.promise(size, gpu, on_gpu)
        except NoMemory as why:
            if not (self._free_some() or self._promises.more_may_come()):
                raise CannotReplay(f"It cannot be replayed now, since {why}. {LATER}") from why
            replay.waits = str(why)
            return None
        replay.waits = ""
        if self._line.begins(replay):
            return promise
        promise.release()
        return None

    def _free_some(self) -> bool:
        """Let go of a replay that nobody has looked at for a while; False if there is none."""
        with self._lock:
            for key, one in self._known.items():
                if one.state == "ready" and time.monotonic() - one.asked > FORGOTTEN:
                    del self._known[key]
                    return True
        return False

    def _replayed(self, replay: Replay, unwanted: Callable[[], bool]) -> Trainer | None:
        experiment = self._experiment(replay.id)
        if experiment is None:
            raise CannotReplay(OTHER_VERSION)
        events = self._store.events(replay.id)
        try:
            made = history.read(events)
            history.settings_after(experiment, made, 0)
        except (ValueError, TypeError, AttributeError) as error:
            raise CannotReplay(UNREADABLE) from error
        near, records = self._near(replay, experiment, made), self._reader.records(replay.id)
        threads = history.threads(events)
        return replayed(replay, experiment, made, near, self._snapshots, records, self._states, threads, unwanted)

    def _near(self, replay: Replay, experiment: Experiment, made: Sequence[history.Made]) -> dict[int, State]:
        """States that lie before the replay's step: in memory the nearest one of another replay, and those left behind;
        and the checkpoint, where no snapshot is nearer."""
        with self._lock:
            mine = [one for (id, step), one in self._known.items() if id == replay.id and step < replay.step]
        near = {**self._checkpoint(replay, experiment, made), **self._states.of(replay.id)}
        for one in sorted(mine, key=lambda one: -one.step):
            with one.turn:
                if one.trainer is not None and one.exact:
                    return {**near, one.step: copied(one.trainer)}
        return near

    def _checkpoint(self, replay: Replay, experiment: Experiment, made: Sequence[history.Made]) -> dict[int, State]:
        """The state of the checkpoint, by its step; nothing for one that is damaged: there are other ways."""
        if not self._checkpoints.has(replay.id):
            return {}
        nearest = max((step for step in self._snapshots.steps(replay.id) if step <= replay.step), default=-1)
        for seen in range(len(made), -1, -1):  # the settings that it was written under may have changed since
            then = history.settings_after(experiment, made, seen)
            with suppress(CheckpointError):
                if nearest < (step := self._checkpoints.step(replay.id, then)) <= replay.step:
                    tensors, numbers = self._checkpoints.read(replay.id, then)
                    if len(numbers.get("changes", [])) == seen:
                        return {step: (tensors, numbers)}
        return {}

    def _device(self, id: str) -> str:
        experiment = self._experiment(id)
        return "" if experiment is None else str(resolve(experiment.device, experiment.device_number))

    def _experiment(self, id: str) -> Experiment | None:
        stored = self._store.get(id)
        return stored.experiment if stored else None

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


def _memory(experiment: Experiment) -> tuple[int, torch.device | None, int]:
    """What it takes at most: bytes of this computer's, the GPU that it is trained on, bytes of that one's."""
    return admission.taken_by(experiment), admission.gpu_of(experiment), admission.taken_on_gpu(experiment)
