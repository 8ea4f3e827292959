"""Looks at the networks on screen, for every picture of them: all visitors of a picture share one look.

`share` keeps looking below a tenth of the training; `in_turns` looks in short turns, between which the training goes on.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from app.visit import moment
from dfa_lab.runs.access import GONE, LOOKING, Gone
from dfa_lab.runs.live import Status
from dfa_lab.train.trainer import Trainer

FRESH = 0.7  # seconds that a look is good for, at least
REST = 10  # and this many times what it took
AT_ONCE = 1_000_000_000  # multiplications of a turn: a few tens of milliseconds on a CPU
KEPT = 48  # looks, of some hundred kilobytes each


@dataclass
class Look:
    """What was seen, at which step, and what it took; `note` says why it is not of now."""

    value: Any = None
    step: int = -1
    when: float = 0.0
    seconds: float = 0.0
    note: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(show_spinner=False)
def _kept() -> tuple[OrderedDict[tuple, Look], threading.Lock]:
    return OrderedDict(), threading.Lock()


def share(status: Status, what: tuple, make: Callable[[], Any], *, lasting: bool = False, rest: float = REST) -> Look:
    """The last look at `what` if that is of now or was taken just before, else a new one by `make`.

    Each past step has looks of its own. `lasting`: it never changes; `rest`: for so many times what it took no new one
    is made. Where there is nothing to look at any more, the last one, with a note. Raises Gone if there is none.
    """
    looks, lock = _kept()
    key = (status.id, status.step if moment.past(status) else None, *what)
    with lock:
        look = looks.setdefault(key, Look())
        looks.move_to_end(key)
        while len(looks) > KEPT:
            looks.popitem(last=False)
    with look.lock:
        young = status.state == "running" and time.monotonic() - look.when < max(FRESH, rest * look.seconds)
        if look.value is not None and (lasting or look.step == status.step or young):
            return look
        began = time.monotonic()
        try:
            value = make()
        except Gone as gone:
            if look.value is None:
                raise
            look.note = f"As it was at step {look.step:,}. {moment.why(status, gone)}" if str(gone) == GONE else ""
            return look
        look.value, look.step, look.when, look.note = value, status.step, time.monotonic(), ""
        look.seconds = look.when - began
        return look


def in_turns(id: str, run: int, samples: int, take: Callable[[Trainer, slice], Any]) -> list[Any]:
    """`take(trainer, rows)` for all rows, as many at once as a turn has time for."""
    work = moment.look(id, lambda trainer: sum(trainer.runs[run].network.multiplications()))
    size = int(min(samples, max(16, AT_ONCE // max(work, 1))))
    found, until = [], time.monotonic() + LOOKING  # all turns together: a step may be an evaluation of half a minute
    for start in range(0, samples, size):
        rows, wait = slice(start, min(start + size, samples)), max(0.0, until - time.monotonic())
        found.append(moment.look(id, lambda trainer, rows=rows: take(trainer, rows), wait))
    return found


def class_names(status: Status) -> tuple[str, ...]:
    """The names of the classes of the data set on screen. Raises Gone."""
    return share(
        status, ("names",), lambda: moment.look(status.id, lambda trainer: trainer.data.class_names), lasting=True
    ).value
