"""Page errors: what a visitor reads in place of a page that has failed. Streamlit has put the reason into the log by then."""

import streamlit as st

from app.doors import descriptors

FAILED = (
    "This page could not be drawn: what the browser sent does not fit it, as from a page of before an update of the lab, or "
    "the lab has made a mistake. Nothing was lost, and what is being trained goes on. Load the page again; if it says this "
    "again, the reason is in the server's log, for whoever keeps it."
)


def on_page(error: Exception) -> bool:
    """Say what a page shows that has failed; True: Streamlit then says nothing of its own, which names no remedy."""
    if not descriptors.on_page(error):
        st.error(FAILED, icon=":material/error:")
    return True
