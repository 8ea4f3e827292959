"""The list of stored experiments."""

from datetime import datetime

import streamlit as st

from app import watching
from app.engine import manager
from app.texts import plain
from dfa_lab.config import Experiment
from dfa_lab.feedback import rule_class
from dfa_lab.parsing import describe
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
PAGE = 50  # rows that are shown at first, and more at each press of Show more


def show() -> None:
    """One row an experiment, newest first; a click opens it."""
    store = manager().store
    if manager().problem:
        st.warning(plain(manager().problem), icon=":material/warning:")
    rows = st.session_state.setdefault("rows", PAGE)
    found = store.experiments(rows + 1, demos=False)
    if not found:
        st.info(
            "Nothing here yet: press Start in the Lab. Every experiment is kept and listed here.", icon=":material/science:"
        )
    for one in found[:rows]:
        _row(one)
    if len(found) > rows:
        st.button("Show more", icon=":material/expand_more:", on_click=_show_more)


def _show_more() -> None:
    st.session_state.rows += PAGE


def _row(one: Stored) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        started = datetime.fromtimestamp(one.created).strftime("%Y-%m-%d %H:%M")
        words = describe(one.experiment) if one.experiment else "settings of another version of the lab"
        with st.container(gap="xsmall"):
            st.markdown(f"{ICONS.get(one.state, '')} **{plain(words)}**")
            if one.experiment:
                st.html(_errors(one.id, one.experiment))
            st.caption(f"{one.state} · {started} · {one.id}" + (f" · {plain(one.sentence)}" if one.sentence else ""))
        if manager().store.busy(one):
            st.button("Stop", key=f"stop_{one.id}", icon=":material/stop:", on_click=manager().stop, args=(one.id,))
        if one.experiment and st.button("Open", key=f"open_{one.id}", icon=":material/open_in_new:"):
            watching.arrive()  # whoever has not been in the Lab yet
            watching.watch(one.id)
            st.switch_page("../pages/lab.py")


def _errors(id: str, experiment: Experiment) -> str:
    """Every rule in its colour with its last test error, the mean over seeds."""
    runs = experiment.runs()
    finals = manager().store.finals([id])
    finals = finals[finals["metric"] == "test_error"]
    newest = dict(zip(finals["run"], finals["value"], strict=True))
    parts = []
    for rule in experiment.rules:
        values = [value for n, (name, _) in enumerate(runs) if name == rule and (value := newest.get(n)) is not None]
        error = f"{sum(values) / len(values):.1%} test error" if values else "nothing measured"
        mark = f'<span style="color:{rule_class(rule).colour}" aria-hidden="true">■</span>'
        parts.append(f"<span>{mark} <b>{rule}</b> {error}</span>")
    return '<div style="display:flex;flex-wrap:wrap;gap:4px 24px">' + "".join(parts) + "</div>"
