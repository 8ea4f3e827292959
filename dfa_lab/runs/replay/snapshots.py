"""Snapshots: states of an experiment on its way, so that any past step can be replayed within moments.

A replay trains on from the snapshot before, so what matters is how long that takes: snapshots lie even in training time.
Early steps need none of their own, as the beginning is made from the settings and is near. Copies are taken between two
steps, files written in a thread of their own; they are a convenience, so where the disk refuses, there are fewer of them.
"""

import logging
import queue
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import SafetensorError
from torch import Tensor

from dfa_lab.machine import disk_room
from dfa_lab.runs.checkpoints import why
from dfa_lab.train.state_file import read, write
from dfa_lab.train.trainer import Trainer

FIRST = 0.5  # seconds of training between two snapshots, at least
COST = 50  # and this many times what one costs, so that all of them together cost a fiftieth
MOST = 128  # of an experiment
BYTES = 512 * 2**20  # of an experiment
DEMO_BYTES = 32 * 2**20  # of a demonstration, which is gone after a minute or two
TOTAL = 4 * 2**30  # bytes of all experiments: beyond, the oldest of the owner who takes most go
FREE = 256 * 2**20  # bytes of the disk that are left to others
RETRY = 20.0  # seconds after a snapshot that could not be written
WAITING = 1  # copies that wait for the disk; while there are so many, none is taken

log = logging.getLogger(__name__)


@dataclass
class Spacing:
    """When the next snapshot of an experiment is due."""

    last: float = 0.0  # seconds of training at the last one
    cost: float = 0.0  # seconds that it took, copy and file
    most: int = MOST  # that there is room for

    def due(self, trained: float) -> bool:
        """`trained`: seconds. Growing distances: an hour's snapshots lie half a minute apart, a minute's half a second."""
        return trained - self.last >= max(FIRST, COST * self.cost, trained / self.most)


class _Copy(NamedTuple):
    id: str
    tensors: dict[str, Tensor]
    numbers: dict[str, object]
    most: int  # bytes of the experiment
    spacing: Spacing
    began: float  # seconds that the copy took


def trained(trainer: Trainer) -> float:
    """Seconds of training, all runs together; they are saved and continued with the state."""
    return sum(run.seconds for run in trainer.runs)


class Snapshots:
    """`problem` is empty, or why none can be written now, for a person."""

    def __init__(
        self, folder: Path, room: Callable[[], int | None] = lambda: None, owners: Callable[[], dict[str, str]] = dict
    ):
        """`folder` is made when the first is written. `room`: bytes that all together may take, None for TOTAL. `owners`: by
        experiment; those that are not there are one owner's."""
        self._room, self._owners = room, owners
        self.problem = ""
        self._folder = folder
        self._queue: queue.Queue[_Copy | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()  # of the thread
        self._lock = threading.Lock()  # of the files, and of what follows
        self._sizes: dict[str, int] | None = None  # bytes of each experiment, once they were looked at
        self._removed: set[str] = set()
        self._not_before = 0.0

    def take(self, id: str, trainer: Trainer, spacing: Spacing, demo: bool = False, last: bool = False) -> None:
        """Copy the state of a trainer that is between steps, and have it written. Nothing happens where there is no room.

        `last`: it goes no further, so this one may wait behind others.
        """
        began = time.perf_counter()
        spacing.last = trained(trainer)
        if time.monotonic() < self._not_before or (self._queue.qsize() >= WAITING and not last):
            return
        tensors, numbers = trainer.state()
        size, most = sum(tensor.nbytes for tensor in tensors.values()), DEMO_BYTES if demo else BYTES
        spacing.most = max(1, min(MOST, most // max(size, 1)))
        if size > most:
            return
        copies = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dfa-lab-snapshots", daemon=True)
                self._thread.start()
        self._queue.put(_Copy(id, copies, numbers, most, spacing, time.perf_counter() - began))

    def steps(self, id: str) -> list[int]:
        """The steps of which there is a file; it may be damaged."""
        return sorted(int(path.stem) for path in self._files(id))

    def load(self, id: str, step: int) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """(tensors, numbers) of a snapshot. Raises CheckpointError, with a sentence."""
        return read(self._path(id, step))

    def cut(self, id: str, step: int) -> None:
        """Remove the snapshots after this step: the experiment goes on from there."""
        with self._lock:
            for one in self.steps(id):
                if one > step:
                    self._path(id, one).unlink(missing_ok=True)

    def remove(self, id: str) -> None:
        """Remove all of an experiment, and those that wait to be written. Nothing happens where the disk refuses."""
        with self._lock:
            self._removed.add(id)
            if self._sizes:
                self._sizes.pop(id, None)
            shutil.rmtree(self._folder / id, ignore_errors=True)

    def tidy(self, id: str) -> None:
        """Remove what a kill has left half written; only of an experiment that no server is busy with."""
        for path in (self._folder / id).glob("*.part"):
            with suppress(OSError):
                path.unlink()

    def ids(self) -> list[str]:
        """Experiments that have snapshots."""
        try:
            return [path.name for path in self._folder.iterdir() if path.is_dir()]
        except OSError:
            return []

    def flush(self) -> None:
        """Wait until what was copied is written, or was given up."""
        self._queue.join()

    def close(self) -> None:
        """Write what waits and end the thread."""
        with self._starting:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _run(self) -> None:
        while True:
            copy = self._queue.get()
            try:
                if copy is None:
                    return
                self._write(copy)
            finally:
                self._queue.task_done()
                del copy  # or its tensors would stay until the next one

    def _write(self, copy: _Copy) -> None:
        began = time.perf_counter()
        path = self._path(copy.id, int(str(copy.numbers["step"])))
        with self._lock:
            if copy.id in self._removed:
                return
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                size = sum(tensor.nbytes for tensor in copy.tensors.values())
                disk_room.require(self._folder, size, "a snapshot", FREE)
                write(path, copy.tensors, copy.numbers)
                self._thin(copy.id, copy.most)
                room = self._room()
                self._stay_within(copy.id, TOTAL if room is None else min(room, TOTAL))
                self.problem = ""
            except Exception as error:  # whatever it is, training goes on
                self._failed(error, path)
        copy.spacing.cost = copy.began + time.perf_counter() - began

    def _failed(self, error: Exception, path: Path) -> None:
        problem = (
            f"Past steps cannot be kept: {why(error, path)} Training goes on; "
            "showing a past step means training to it again from an earlier one, which takes longer."
        )
        if problem != self.problem:
            log.warning("%s", problem, exc_info=not isinstance(error, (OSError, SafetensorError)))
        self.problem, self._not_before = problem, time.monotonic() + RETRY
        with suppress(OSError):
            path.with_suffix(".part").unlink(missing_ok=True)

    def _thin(self, id: str, most: int) -> None:
        """Remove, until the rest is within its bounds, the one whose neighbours are closest; never the last, and the first,
        at which a fork begins, only after all others."""
        sizes = {int(path.stem): path.stat().st_size for path in self._files(id)}
        while sizes and (len(sizes) > MOST or sum(sizes.values()) > most):
            steps = sorted(sizes)
            gaps = [(after - before, step) for before, step, after in zip(steps, steps[1:], steps[2:], strict=False)]
            step = min(gaps)[1] if gaps else steps[0]
            self._path(id, step).unlink(missing_ok=True)
            del sizes[step]
        if self._sizes is not None:
            self._sizes[id] = sum(sizes.values())

    def _stay_within(self, id: str, total: int) -> None:
        """Remove what is beyond these bytes, from the owner who takes most: all of their experiments that were written longest
        ago, or, where this one is the only one, some."""
        if self._sizes is None:
            self._sizes = {one: sum(path.stat().st_size for path in self._files(one)) for one in self.ids()}
        if sum(self._sizes.values()) <= total:
            return
        owners = self._owners()
        while (beyond := sum(self._sizes.values()) - total) > 0:
            taken = Counter[str]()
            for one, size in self._sizes.items():
                taken[owners.get(one, "")] += size
            most = max(taken, key=lambda owner: taken[owner])
            theirs = [one for one in self._sizes if owners.get(one, "") == most and one != id]
            if not theirs:
                self._thin(id, max(0, self._sizes[id] - beyond))
                return
            oldest = min(theirs, key=lambda one: _modified(self._folder / one))
            shutil.rmtree(self._folder / oldest, ignore_errors=True)
            del self._sizes[oldest]

    def _files(self, id: str) -> list[Path]:
        try:
            return [path for path in (self._folder / id).glob("*.safetensors") if path.stem.isdecimal()]
        except OSError:
            return []

    def _path(self, id: str, step: int) -> Path:
        return self._folder / id / f"{step:012d}.safetensors"


def _modified(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
