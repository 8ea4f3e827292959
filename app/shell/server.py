"""The one manager of this server, for every page and every visitor."""

import os
from pathlib import Path

import streamlit as st

from app.people.identity import visitor
from dfa_lab.machine import supervising
from dfa_lab.machine.allocator import keep_memory
from dfa_lab.machine.runs_folder import runs_folder
from dfa_lab.networks import own_file
from dfa_lab.runs import quota
from dfa_lab.runs.manager import Manager

keep_memory()  # for `streamlit run app/main.py` too, which passes by the command line
own_file.restrict(None)  # whatever comes first, a page never runs a file that nobody has trusted


@st.cache_resource(show_spinner=False, on_release=Manager.close)
def manager() -> Manager:
    """Kept in the folder of runs. Network files are run from $DFA_LAB_MODELS alone, if at all."""
    models = os.environ.get("DFA_LAB_MODELS")
    own_file.restrict(Path(models) if models else None)
    ended = supervising.before
    starved = ended is not None and ended.starved
    return Manager(runs_folder(), starved=starved, quota=os.environ.get(quota.NAME, ""), who=visitor)
