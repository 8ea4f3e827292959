"""What one worker process does: it trains its runs step by step and reports what is measured."""

import signal
import sys
import time
import traceback
from collections.abc import Iterable
from multiprocessing.connection import Connection
from typing import NamedTuple

from dfa_lab.machine.allocator import keep_memory
from dfa_lab.networks import own_file
from dfa_lab.records import Record
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.failures import out_of_memory, sentence
from dfa_lab.train.trainer import Diverged, Trainer

REPORT = 0.2  # seconds after which a run reports how far it is, even if nothing was measured
LOOK = 0.05  # seconds between two looks whether whoever started this still waits


class Report(NamedTuple):
    """What a step of one run brought, and whether it was the last. `place`: of the run in the experiment."""

    place: int
    step: int
    records: list[Record]
    over: bool = False
    failed: str = ""  # why it ended early, for a person


def alone(experiment: Experiment, place: int) -> Experiment:
    """The experiment of one of the runs, on one thread unless the person has said otherwise."""
    rule, seed = experiment.runs()[place]
    return experiment.model_copy(update={"rules": (rule,), "seeds": (seed,), "threads": experiment.threads or 1})


def work(experiment: Experiment, places: Iterable[int], connection: Connection) -> None:
    """Train the runs at these places to the end, side by side, or until nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all of them; the one who listens decides
    keep_memory()
    try:
        _train(experiment, places, connection)
    except (BrokenPipeError, ConnectionResetError, EOFError):
        sys.exit(1)


def _train(experiment: Experiment, places: Iterable[int], connection: Connection) -> None:
    trainers: dict[int, Trainer] = {}
    for place in places:
        try:
            trainers[place] = Trainer(alone(experiment, place))
        except Exception as error:
            connection.send(Report(place, 0, [], over=True, failed=_why(error, alone(experiment, place))))
    said = dict.fromkeys(trainers, 0.0)
    looked = 0.0
    while trainers:
        for place, trainer in list(trainers.items()):
            report = _step(place, trainer)
            now = time.monotonic()
            if report.records or report.over or now - said[place] > REPORT:
                connection.send(report)
                said[place] = now
            if report.over:
                del trainers[place]
            if now - looked > LOOK:
                looked = now
                if connection.poll():
                    connection.recv()  # EOFError: whoever started this is gone


def _step(place: int, trainer: Trainer) -> Report:
    try:
        records = next(trainer)
    except StopIteration:
        return Report(place, trainer.step, [], over=True)
    except Exception as error:
        return Report(place, trainer.step, [], over=True, failed=_why(error, trainer.experiment))
    return Report(place, trainer.step, [record._replace(run=place) for record in records], over=trainer.done)


def _why(error: Exception, experiment: Experiment) -> str:
    told = own_file.explain(error, experiment)
    if not (told or isinstance(error, Diverged) or out_of_memory(error)):
        traceback.print_exception(error)  # a fault of the lab's
    return told or sentence(error)
