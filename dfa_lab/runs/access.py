"""Looking at the networks of an experiment that is being trained, in a gap between two of its steps."""

import time
from collections.abc import Callable
from typing import TypeVar

from dfa_lab.runs.live import Live
from dfa_lab.train.trainer import Trainer

T = TypeVar("T")
LOOKING = 0.5  # seconds for the step in hand to end
LONGEST = 5.0  # seconds for a part of it to end: that of a large network on a slow machine
AFTER = 0.001  # seconds after a look in which the training has its turn: who looks again at once would keep it from it
GONE = (
    "This experiment has ended and its networks are no longer in memory: choose a moment and it is replayed, or press Reset "
    "in the Lab to train it again, and look while it runs or is paused."
)
NOT_YET = "Its data are still being loaded, or it waits for its turn: there is something to see after its first step."
BUSY = "A single training step takes very long: pause the experiment, or look again later."


class Gone(Exception):
    """There are no networks to look at now; the text says why, and what to do."""


def with_trainer(live: Live, function: Callable[[Trainer], T], wait: float | None = None) -> T:
    """`function(trainer)` between two steps, see Manager.look. Raises Gone, with a sentence."""
    began, wait = time.monotonic(), LOOKING if wait is None else wait
    with live.lock:
        live.onlookers += 1
    try:
        while (waited := time.monotonic() - began) < LONGEST:
            if live.turn.acquire(timeout=LONGEST - waited):
                try:
                    trainer = live.trainer
                    if trainer is None:
                        raise Gone(NOT_YET if live.state in ("queued", "loading") else GONE)
                    if (trainer.between_steps and not live.changes) or time.monotonic() - began >= wait:
                        return function(trainer)
                finally:
                    live.turn.release()
                time.sleep(0.001)  # the worker ends the step that it has begun
        raise Gone(BUSY)
    finally:
        with live.lock:
            live.onlookers -= 1
        time.sleep(AFTER)
