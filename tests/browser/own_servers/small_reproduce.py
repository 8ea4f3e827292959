"""The page Reproduce with a table of digits in the paper's place (a script for Streamlit)."""

import sys
from contextlib import AbstractContextManager
from pathlib import Path

import streamlit as st

ROOT = str(Path(__file__).resolve().parents[3])
if ROOT not in sys.path:  # streamlit puts only this file's folder there
    sys.path.insert(0, ROOT)

from app.reproduce import page  # noqa: E402
from dfa_lab.paper import tables  # noqa: E402
from tests.holding import held  # noqa: E402
from tests.paper.small_tables import SMALL  # noqa: E402


@st.cache_resource(show_spinner=False)
def long_ones_held() -> AbstractContextManager[None]:
    """For this server's life: all 300 epochs last ten minutes and more, whatever else the machine does."""
    holding = held(after=20, whose=lambda trainer: trainer.experiment.epochs == 300, seconds=0.05)
    holding.__enter__()
    return holding


tables.TABLES = SMALL
st.set_page_config(layout="wide")
long_ones_held()
page.show()
