"""The moment that pictures show, now or a past step: every picture of a network looks through here.

A visitor chooses it for one experiment, and it stays while they go from page to page; it is in the link (`at=1200`).
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import streamlit as st

from app.shell.server import manager
from app.visit.session import session
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import ENDED, Status, plan_of
from dfa_lab.runs.replay.origin import origin_of
from dfa_lab.runs.replay.replaying import Replay
from dfa_lab.train.trainer import Trainer

T = TypeVar("T")
AT = "at"  # the link's parameter
REPLAYED = "replayed"  # the state of a Status that is of the past: neither active nor ended, there are networks to look at
QUICK = 5.0  # seconds of replaying that need no question: the last step of what is no longer in memory
AT_ONCE = 0.4  # seconds that whoever chooses a step waits for it; then there is a bar that shows how far it is


def look(id: str, function: Callable[[Trainer], T], wait: float | None = None) -> T:
    """See Manager.look. Where `seen` was asked last about a past step of this experiment, they are that step's networks."""
    shown, step = session.moment_shown or ("", 0)
    if shown == id:
        return manager().replays.look(id, step, function)
    return manager().look(id, function, wait)


def seen(status: Status) -> Status:
    """The status of the moment that this visitor has chosen, `REPLAYED`; the same one where that is now."""
    step = chosen(status)
    session.moment_shown = None if step is None else (status.id, step)
    if step is None:
        return status
    then = {"step": step, "epoch": epoch(status, step), "state": REPLAYED, "failed": ()}
    return replace(status, **then, sentence="", rate=0.0, left=None)


def epoch(status: Status, step: int) -> float:
    """Passes through the training set after a step."""
    return plan_of(status).epoch(step)


def past(status: Status) -> bool:
    """Whether a status is one that `seen` has made."""
    return status.state == REPLAYED


def chosen(status: Status) -> int | None:
    """The past step of this experiment that is shown, None for now. `status` is of now.

    What has ended and is no longer in memory is shown at its last step, if that is replayed quickly.
    """
    id, step = session.moment or ("", 0)
    if id == status.id:
        return step
    if not gone(status):
        return None
    if session.moment_usual is None or session.moment_usual[0] != status.id:
        last = manager().reached(status)
        quick = manager().replays.seconds(status.id, last) <= QUICK
        session.moment_usual = (status.id, last if quick else None)
        if quick:
            _begin(status.id, last)
    return session.moment_usual[1]


def gone(status: Status) -> bool:
    """Whether an experiment has ended and its networks are no longer in memory."""
    return status.state in ENDED and not status.demo and not manager().has_networks(status.id)


def marker(status: Status) -> int | None:
    """Where the charts of this experiment draw a line."""
    id, step = session.moment or ("", 0)
    return step if id == status.id else None


def choose(status: Status, step: int | None, begin: bool = True) -> None:
    """Show this past step of an experiment from now on; None, or the step at which an active one is: show it as it is.

    `begin`: with the replay, as there are pictures on the page.
    """
    if step is not None and not gone(status) and step >= status.step:
        step = None
    if (before := marker(status)) is not None and before != step:
        manager().replays.leave(status.id, before)
    if step is None:
        leave("")
    else:
        session.moment, session.at = (status.id, step), str(step)
        if begin:
            _begin(status.id, step)
    into_url()


def give_up(status: Status) -> None:
    """Show what needs no replay: it ends by itself when nobody waits for it any more."""
    session.moment_usual = (status.id, None)
    choose(status, None)


def why(status: Status, gone: Gone) -> str:
    """Why there is nothing to look at, for whoever sees the page."""
    if status.demo and status.state in ENDED and not past(status):
        return "This showing of the demonstration is over: another one begins in a few seconds."
    return str(gone)


def origin(status: Status) -> str:
    """The sentence about what an experiment was forked from; empty where it was not. Looked up once, when a visitor comes."""
    if session.origin is None or session.origin[0] != status.id:
        found = origin_of(manager().store.events(status.id))
        stored = manager().store.get(found.id) if found else None
        session.origin = (status.id, found.sentence(stored.name if stored else "") if found else "")
    return session.origin[1]


def leave(id: str) -> None:
    """Back to now, unless this is the experiment of which a past step is shown."""
    if session.moment is not None and session.moment[0] != id:
        session.moment, session.at = None, ""
        into_url()


def replay(status: Status) -> Replay | None:
    """The replay of the step that is shown; who asks keeps it going. `status` is of now."""
    step = chosen(status)
    return None if step is None else manager().replays.ask(status.id, step)


def arrive(status: Status, text: str) -> list[str]:
    """Choose the step that a link names; a sentence if there is no such step."""
    last = manager().reached(status)
    if text.isdecimal() and len(text) < 12 and int(text) <= last:
        choose(status, int(text), begin=False)
        return []
    into_url()
    return [f"The link asks for step {text[:20]!r}; this experiment can be shown at the steps 0 to {last:,}, and is as it is."]


def into_url() -> None:
    """Say in the link which step is shown."""
    if session.at and st.query_params.get(AT) != session.at:
        st.query_params[AT] = session.at
    elif not session.at:
        st.query_params.pop(AT, None)


def _begin(id: str, step: int) -> None:
    over = time.monotonic() + AT_ONCE
    while not manager().replays.ask(id, step).over and time.monotonic() < over:
        time.sleep(0.01)
