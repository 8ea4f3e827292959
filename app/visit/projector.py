"""Projector mode: larger type and stronger contrast on every page, for the last row of a lecture hall."""

import streamlit as st

from app.visit.session import session

NAME = "projector"  # the link's parameter
STYLE = """<style>
html { font-size: 21px; }
.stApp [data-testid=stMainBlockContainer] { padding-top: 4.1rem; }
@media (max-width: 1440px) {
  .stApp [data-testid=stMainBlockContainer], .stApp [data-testid=stBottomBlockContainer] { padding-inline: 1rem; }
}
.stApp p, .stApp li, .stApp label p { font-weight: 500; }
.stApp [data-testid=stCaptionContainer], .stApp [data-testid=stCaptionContainer] p { color: inherit; opacity: 1; }
.stApp button, .stApp input, .stApp [data-baseweb=select] > div { border-color: currentColor; }
</style>"""


def on() -> bool:
    """Whether this visitor chose it, or the link did."""
    return session.projector == "true"


def apply() -> None:
    """Take over what the link says, then send the style, at the head of every page."""
    if st.query_params.get(NAME) == "true":
        session.projector = "true"
    if on():
        if st.query_params.get(NAME) != "true":
            st.query_params[NAME] = "true"  # going from page to page leaves the parameters behind
        st.html(STYLE)
    # the room is for the charts; the form is one click away
    st.set_page_config(initial_sidebar_state="collapsed" if on() else "auto")


def toggle() -> None:
    """The button that switches it; its state is in the link."""
    label = "Small type" if on() else "Projector"
    st.button(
        label, key="projector_toggle", icon=":material/cast_for_education:", help="Large type for a room", on_click=_switch
    )


def _switch() -> None:
    if on():
        session.projector = ""
        st.query_params.pop(NAME, None)
    else:
        session.projector = st.query_params[NAME] = "true"
