"""All worker processes of an experiment, as if they were one Trainer."""

import multiprocessing
import sys
from collections.abc import Iterator
from heapq import heappop, heappush
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from signal import Signals

from dfa_lab.machine.priority import end_first
from dfa_lab.processes.sharing import parts
from dfa_lab.processes.worker_process import Report, work
from dfa_lab.records import Record
from dfa_lab.train.trainer import Trainer

SLOW = ("torch", "torchvision", "dfa_lab.processes.worker_process")  # imports
WAIT = 0.2  # seconds without news, at most, until whoever iterates has a look at other things
PATIENCE = 5.0  # seconds that a process has to end itself


class Unfinished(RuntimeError):
    """Some runs ended early, the others have gone on to their end; the text says which and why."""


class Together:
    """Iterate it for records: lists of those of one step of every run, in the order of steps.

    The runs are numbered as in the experiment, and they are those of a Trainer with one thread, to the last bit, but for
    the seconds. `step` is how far all runs are, of `steps`.
    """

    def __init__(self, trainer: Trainer, count: int):
        """`trainer`: one that has not begun; it is not kept. `count`: of processes."""
        self.experiment, self.device, self.plan, self.steps = trainer.experiment, trainer.device, trainer.plan, trainer.steps
        self.step = 0
        self.processes: list[BaseProcess] = []
        self._parts = parts(len(trainer.runs), count)
        self._of: dict[Connection, int] = {}  # connection -> number of the process
        self._reached = dict.fromkeys(range(len(trainer.runs)), 0)  # the last step of each run that is under way
        self._come: list[tuple[int, int, list[Record]]] = []  # (step, place, records) that wait for the other runs
        self._failed: dict[int, str] = {}

    @property
    def epoch(self) -> float:
        """Passes through the training set so far, of all runs."""
        return self.plan.epoch(self.step)

    def __iter__(self) -> Iterator[list[Record]]:
        """Raises Unfinished at the end if a run has failed or its process has died. Leaving it ends the processes."""
        try:
            self._start()
            while self._reached:
                for connection in wait(list(self._of), WAIT):
                    assert isinstance(connection, Connection)
                    self._receive(connection)
                yield from self._ready()
                yield []  # so that whoever iterates can stop
            if self._failed:
                raise Unfinished(" ".join(dict.fromkeys(self._failed[place] for place in sorted(self._failed))))
        finally:
            self._end()

    def _start(self) -> None:
        ways = multiprocessing.get_all_start_methods()
        context = multiprocessing.get_context("forkserver" if "forkserver" in ways else "spawn")
        if "forkserver" in ways:
            # once for all of them: what the data of this experiment have needed here
            context.set_forkserver_preload([name for name in SLOW if name in sys.modules])
        try:
            for part in self._parts:
                ours, theirs = context.Pipe()
                self._of[ours] = len(self.processes)
                process = context.Process(target=work, args=(self.experiment, part, theirs), daemon=True)  # type: ignore[attr-defined]
                process.start()
                end_first(process.pid)  # this one keeps what all of them have measured
                self.processes.append(process)
                theirs.close()
        except OSError as error:
            raise Unfinished(f"No worker process can be started ({error.strerror or error}): give --processes 1.") from None

    def _receive(self, connection: Connection) -> None:
        try:
            report: Report = connection.recv()
        except (EOFError, OSError):
            self._lost(connection)
            return
        if report.records:
            heappush(self._come, (report.step, report.place, report.records))
        self._reached[report.place] = report.step
        if report.failed:
            self._failed[report.place] = report.failed
        if report.over:
            del self._reached[report.place]
            if not self._reached and not self._failed:
                self.step = report.step

    def _ready(self) -> Iterator[list[Record]]:
        """The records of steps to which no run can add any more."""
        if self._reached:
            self.step = min(self._reached.values())
        while self._come and (not self._reached or self._come[0][0] <= self.step):
            step, _, records = heappop(self._come)
            while self._come and self._come[0][0] == step:
                records = records + heappop(self._come)[2]
            yield records

    def _lost(self, connection: Connection) -> None:
        """A process is no more: it has done its work, or it has died."""
        number = self._of.pop(connection)
        connection.close()
        process = self.processes[number]
        process.join(PATIENCE)
        lost = [place for place in self._parts[number] if place in self._reached]
        if not lost:
            return
        code = process.exitcode or 0
        how = f"was killed ({Signals(-code).name})" if code < 0 else f"ended by itself (exit status {code})"
        runs = self.experiment.runs()
        names = ", ".join(f"{runs[place][0]} (seed {runs[place][1]})" for place in lost)
        at = min(self._reached.pop(place) for place in lost)
        kept = "what it measured until then is kept; if memory was short, start again with fewer --processes"
        told = f"The process that trained {names} {how} at step {at} of {self.steps}: {kept}."
        self._failed |= dict.fromkeys(lost, told)

    def _end(self) -> None:
        for connection in self._of:
            connection.close()
        self._of.clear()
        for process in self.processes:
            if process.is_alive():
                process.join(0.2 if self._reached else PATIENCE)
        for process in self.processes:
            if process.is_alive():
                process.terminate()
        for process in self.processes:
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()
