"""The one manager of this server, for every page and every visitor."""

import os
from pathlib import Path

import streamlit as st

from dfa_lab.runs.manager import Manager


@st.cache_resource(show_spinner=False, on_release=Manager.close)
def manager() -> Manager:
    """Kept in the folder $DFA_LAB_RUNS, else ./runs."""
    return Manager(Path(os.environ.get("DFA_LAB_RUNS") or "runs"))
