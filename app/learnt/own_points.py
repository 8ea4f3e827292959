"""On the page "What it has learnt": draw one's own points beside the pictures, and train on them."""

from contextlib import AbstractContextManager, nullcontext

import streamlit as st

from app.bar import beginning
from app.form import drawing, settings_form, suiting
from app.visit import form_state, view_link
from app.visit.session import held, hold, session
from dfa_lab.settings.suited import suited

OPEN = "open"  # as the link says it
SUITED = "draw_suited"  # key of the widget


def wanted() -> bool:
    """The switch that opens the board."""
    return st.toggle(
        "Draw your own points",
        value=view_link.told("board", (OPEN, ""), "") == OPEN,
        key="draw_own",
        persist_state="session",
        help="A board beside the pictures, and a training on it",
    )


def beside(opened: bool) -> AbstractContextManager:
    """Where the pictures go: beside the board if that is open."""
    if not opened:
        return nullcontext()
    left, right = st.columns([2, 3], gap="large")
    with left:
        drawing.board("large_board")
        about = f"Sets {suiting.words(suited('points'))}; the rest is as in the Lab's form."
        st.toggle("Settings that suit a drawing", value=True, key=SUITED, persist_state="session", help=about)
        st.button(
            "Train on these points",
            type="primary",
            icon=":material/play_arrow:",
            help="Begins a new experiment with the settings of the Lab's form",
            on_click=_train,
        )
        settings_form.show_problems(session.problems)
    return right


def _train() -> None:
    hold(form_state.key("dataset"), "points")
    if held(SUITED):
        form_state.suit(all_of_them=True)
    experiment, session.problems = settings_form.read()
    if experiment is not None:
        beginning.start(experiment)
