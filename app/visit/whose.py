"""Whose experiments are listed on a shared server, and what their visitor is called there."""

from collections.abc import Sequence

import streamlit as st

from app.people import identity, login_provider
from app.shell.escape import plain
from app.shell.server import manager
from app.visit.session import held, hold, known
from dfa_lab.runs.live import Status
from dfa_lab.runs.store.stored import Stored
from dfa_lab.runs.visitors import LONGEST, called

MINE, ALL = "Mine", "All"
YOU = "you"
CHOICE, NAME, LOG_OUT = "runs_whose", "runs_nickname", "runs_log_out"
ABOUT = (
    "Those of others can be opened, compared and exported. Whoever changes one, by Pause, a learning rate or a fork, gets a "
    "copy of their own; only yours can be stopped, named or removed."
)


def name() -> None:
    """Whose are listed, and what others call this visitor."""
    who = manager().rights.who()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.segmented_control("Whose", [MINE, ALL], default=ALL, key=CHOICE, required=True, help=ABOUT, persist_state="session")
        if login_provider.providers():
            st.button("Log out", key=LOG_OUT, icon=":material/logout:", on_click=st.logout)
        if who.administrator:
            return
        names = {one.id: one.name for one in manager().visitors.all()}
        if not known(NAME):
            hold(NAME, names.get(who.id, ""))
        st.text_input(
            "Your name here",
            key=NAME,
            max_chars=LONGEST,
            placeholder=called(who.id),
            on_change=_call,
            help="What others see beside your experiments. Nothing else is known of you, and you need none.",
            width=220,
        )
        st.caption(f"Others see you as {plain(called(who.id, names.get(who.id, '')))}.")


def _call() -> None:
    who = manager().rights.who()
    if not who.administrator:
        manager().visitors.call(who.id, held(NAME))


def chosen(found: Sequence[Stored]) -> list[Stored]:
    """The experiments that are listed for this visitor."""
    if identity.shared() and held(CHOICE, ALL) == MINE:
        mine = manager().rights.mine()
        return [one for one in found if mine(one.owner)]
    return list(found)


def owners(found: Sequence[Stored]) -> list[str] | None:
    """Whose each of them is, None where that is no question."""
    if not identity.shared():
        return None
    names, rights = manager().visitors.names(), manager().rights
    mine = rights.who().id
    return [YOU if one.owner == mine else names.get(one.owner) or called(one.owner) for one in found]


def sentence(owner: str) -> str:
    """Whose the experiment on screen is, and what can be done with it, as plain text; empty where it is this visitor's."""
    if not identity.shared() or manager().rights.own(owner):
        return ""
    by = _called(owner)
    return f"This is an experiment of {by}: you are watching. Pause, Step or a new learning rate make a copy of your own."


def subject(status: Status) -> str:
    """What is on screen, as the beginning of a sentence."""
    if status.demo:
        return "The demonstration"
    if not identity.shared() or manager().rights.own(status.owner):
        return "Your experiment"
    return f"An experiment of {plain(_called(status.owner))}"


def note(status: Status) -> None:
    """What a visitor can do with the experiment of somebody else, on a page that has no chart to say so."""
    if not status.demo and (said := sentence(status.owner)):
        st.caption(f":material/group: {plain(said)}")


def of_others(found: Sequence[Stored]) -> str:
    """Whose several experiments are, where not all are this visitor's."""
    whose = owners(found) or []
    others = list(dict.fromkeys(name for name in whose if name != YOU))
    if not others:
        return ""
    count = sum(name != YOU for name in whose)
    those = "All" if count == len(whose) else f"{count} of {len(whose)}"
    people = " and ".join(filter(None, [", ".join(others[:-1]), others[-1]]))
    return f"{those} are by {people}: open, compare and export them; what you change in one becomes a copy of your own."


def _called(owner: str) -> str:
    return manager().visitors.names().get(owner) or called(owner)
