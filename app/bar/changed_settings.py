"""What a changed setting does: a small problem begins anew at once, a large one waits for Start, and the page says so."""

import time
from contextlib import suppress

import streamlit as st

from app.bar import beginning
from app.form import settings_form, suiting
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import before, watching
from app.visit.chosen import marks
from app.visit.session import Remembered, session
from dfa_lab import data
from dfa_lab.paper.texts import duration
from dfa_lab.runs.live import ACTIVE, Status
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.train.effort import effort

SMALL = 15.0  # seconds of effort, up to which a problem begins by itself
QUIET = 0.25  # seconds in which nothing more is changed, before it does
UNSEEN = 3.0  # seconds within which another change takes the place of what one has begun, as if it had never been
NAMED = 3  # settings that a sentence names


class Tried(Remembered, prefix="tried"):
    """What was begun last by a change."""

    id: str = ""
    when: float = 0.0  # time.monotonic()


tried = Tried()


def wait() -> None:
    """Let the next change come, if the form has been changed: a page that is drawn anew by it goes no further than what is
    drawn after this."""
    if marks.changed:
        time.sleep(QUIET)


def begin() -> None:
    """Begin anew if the form has been changed, what it says can be trained within seconds, and is not on screen already.

    Call it before the form is drawn. What it takes the place of is stopped, if it is the visitor's own and as small.
    """
    if not marks.changed:
        return
    marks.changed = False
    experiment, _ = settings_form.read()
    status = watching.now()
    if experiment is None or not _by_itself(experiment) or not differing(experiment, status):
        return
    own = not status.demo and manager().rights.own(status.owner)
    start(experiment, paused=own and status.state == "paused", pace=status.pace if own else 0.0)
    if session.watched in (None, status.id):
        return  # it could not be
    if own and status.state in ACTIVE and _small(status.experiment):
        _replace(status.id)
    tried.id, tried.when = str(session.watched), time.monotonic()


def start(experiment: Experiment, *, paused: bool = False, pace: float = 0.0) -> None:
    """Begin what the form says; what was on screen stays behind it, faint, if it was the visitor's choice too."""
    status = watching.now()
    changed = [] if status.demo else differing(experiment, status)
    beginning.start(experiment, paused=paused, pace=pace)
    if changed and session.watched != status.id:
        before.follows(str(session.watched), status.id, _said(status.experiment, changed))


def keep() -> None:
    """What is on screen has been shared: it stays, whatever is changed."""
    tried.id = ""


def differing(experiment: Experiment, status: Status) -> list[str]:
    """The settings in which the form is not what is on screen."""
    fields = [name for name in Experiment.model_fields if name != "save" and settings_form.in_force(name)]
    return [name for name in fields if getattr(experiment, name) != getattr(status.experiment, name)]


def mark(experiment: Experiment | None, status: Status) -> None:
    """One line where the form is not what is on screen: in what, and how long it would take."""
    if experiment is None or (status.demo and (session.notice or not marks.by_visitor)):
        return  # the page says so already
    if names := differing(experiment, status):
        about = ", ".join(_names(names))
        st.markdown(
            f":material/edit_note: **Settings changed**, not on screen yet: {about}. Press **Start**{_long(experiment)}."
        )


def _long(experiment: Experiment) -> str:
    """How long it would take, where this server has trained something to tell by."""
    seconds = None
    with suppress(SettingsError):
        seconds = manager().speed.seconds(experiment)
    return f" (about {duration(seconds)})" if seconds else ""


def _by_itself(experiment: Experiment) -> bool:
    """Whether nothing has to be asked first: it is small, its data are here, and nothing is written under a name."""
    here = data.is_here(experiment.dataset, data.root(experiment.datapath), data.made_from(experiment))
    return here and not experiment.save and _small(experiment)


def _small(experiment: Experiment) -> bool:
    try:
        return effort(experiment) <= SMALL
    except (SettingsError, data.DataError):
        return False


def _replace(id: str) -> None:
    """What nobody has had the time to look at is removed, so that the list holds what somebody may look for."""
    if id == tried.id and time.monotonic() - tried.when < UNSEEN:
        manager().delete(id)
    else:
        manager().stop(id)


def _names(names: list[str]) -> list[str]:
    some = [plain(suiting.name_of(name)) for name in names[:NAMED]]
    return [*some, f"and {len(names) - NAMED} more"] if len(names) > NAMED else some


def _said(experiment: Experiment, names: list[str]) -> str:
    """What an experiment had in these settings."""
    if len(names) > NAMED:
        return f"{len(names)} other settings"
    return suiting.words({name: getattr(experiment, name) for name in names})
