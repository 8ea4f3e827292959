"""Streamlit's wide margins are a tenth of a laptop's screen; the charts need it more."""

import streamlit as st

STYLE = """<style>
@media (min-width: 641px) and (max-width: 1440px) {
  .stApp [data-testid=stMainBlockContainer], .stApp [data-testid=stBottomBlockContainer] { padding-inline: 2rem; }
}
</style>"""


def apply() -> None:
    """At the head of every page."""
    st.html(STYLE)
