"""The list of stored experiments."""

from datetime import datetime

import streamlit as st

from app import watching
from app.engine import manager
from app.texts import plain
from dfa_lab.config import describe
from dfa_lab.runs.store import Stored

ICONS = {
    "loading": ":material/hourglass_empty:",
    "queued": ":material/hourglass_empty:",
    "running": ":material/play_arrow:",
    "paused": ":material/pause:",
    "finished": ":material/check:",
    "stopped": ":material/stop:",
    "failed": ":material/error:",
    "interrupted": ":material/power_off:",
}


def show() -> None:
    """One row an experiment, newest first; a click opens it."""
    store = manager().store
    if store.problem:
        st.warning(plain(store.problem), icon=":material/warning:")
    found = [one for one in store.experiments(limit=200) if not one.demo]
    if not found:
        st.info(
            "Nothing here yet: press Start in the Lab. Every experiment is kept and listed here.", icon=":material/science:"
        )
    for one in found:
        _row(one)


def _row(one: Stored) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        started = datetime.fromtimestamp(one.created).strftime("%Y-%m-%d %H:%M")
        words = describe(one.experiment) if one.experiment else "settings of another version of the lab"
        rules = ", ".join(one.experiment.rules) if one.experiment else ""
        with st.container():
            st.markdown(f"{ICONS.get(one.state, '')} **{plain(words)}** · {plain(rules)}")
            st.caption(f"{one.state} · {started} · {one.id}" + (f" · {plain(one.sentence)}" if one.sentence else ""))
        if one.experiment and st.button("Open", key=f"open_{one.id}", icon=":material/open_in_new:"):
            watching.watch(one.id)
            st.switch_page("../pages/lab.py")
