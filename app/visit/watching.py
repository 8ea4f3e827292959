"""Which experiment this visitor watches: the one named in the link, or the shared demonstration."""

import streamlit as st

from app.shell.server import manager
from app.visit import chosen, hidden_controls, moment
from app.visit.form_state import ATTACH, from_link, put
from app.visit.session import session
from dfa_lab.runs.demo import chosen_by_the_lab
from dfa_lab.runs.live import Status
from dfa_lab.runs.replay.origin import origin_of
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.wording import SPELLINGS

LINK_NOTE = "The settings of the link are in the form: press Start to train with them."


def arrive() -> None:
    """Once a session: read the link, attach to its experiment or fill the form from its settings."""
    manager()  # it settles which network files may be run, before the form looks at one
    if session.arrived:
        if session.watched and st.query_params.get(ATTACH) != session.watched:
            hidden_controls.into_url({ATTACH: session.watched})  # coming back from another page
        moment.into_url()
        return
    params = {name: st.query_params.get_all(name) for name in st.query_params}
    session.problems = hidden_controls.arrive(params) + from_link(params)
    named = hidden_controls.settings_of(params).keys() - {ATTACH}
    chosen.by_visitor(SPELLINGS[name] for name in named if name in SPELLINGS)
    session.notice = LINK_NOTE if named else ""
    session.arrived, session.watched = True, None
    manager().visitors.seen(manager().rights.who())
    wanted = params.get(ATTACH, [""])[0]
    if wanted:
        status = manager().status(wanted)
        if status is None:
            session.problems.append(
                f"The link's experiment {wanted[:40]!r} is not on this server: here is the demonstration instead."
            )
            del st.query_params[ATTACH]
        else:
            watch(wanted)
    if at := params.get(moment.AT, [""])[0]:
        session.problems += moment.arrive(now(), at)


def watch(id: str) -> None:
    """Attach to an experiment: its settings go into the form, if a person chose them, its id into the link."""
    session.watched = id
    session.notice = ""
    moment.leave(id)
    status = manager().status(id)
    if status is not None and not chosen_by_the_lab(status.experiment, origin_of(manager().store.events(id))):
        put(status.experiment)
    hidden_controls.into_url({ATTACH: id})


def leave() -> None:
    """Watch what all newcomers see. What was watched goes on, and keeps its address."""
    session.watched = None
    moment.leave("")
    st.query_params.pop(ATTACH, None)


def current() -> Status:
    """The status of what is on screen, at the moment that this visitor has chosen; see `moment.seen`."""
    return moment.seen(now())


def now() -> Status:
    """The status of what is on screen, as it is now."""
    id = session.watched or manager().demo()
    status = manager().status(id)
    if status is None:  # deleted meanwhile
        session.watched = None
        status = manager().status(manager().demo())
    assert status is not None
    if status.demo:
        moment.leave(status.id)  # of one that is over
    return status


def own() -> str | None:
    """The id of an experiment that is this visitor's to steer: the demonstration, which others go on watching, and what is
    somebody else's is copied first.

    None, with the sentence among the session's problems, if the server has no room for a copy.
    """
    status = now()
    if not status.demo and manager().rights.own(status.owner):
        return status.id
    try:
        copy = manager().fork(status.id, paused=status.state == "paused")
    except KeyError:  # it began again just now
        return own()
    except SettingsError as error:
        session.problems = error.problems
        return None
    watch(copy)
    return copy
