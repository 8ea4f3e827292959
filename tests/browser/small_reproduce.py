"""The page Reproduce with a table of digits in the paper's place."""

import sys
from pathlib import Path

import streamlit as st

ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:  # streamlit puts only this file's folder there
    sys.path.insert(0, ROOT)

from app.reproduce import page  # noqa: E402
from dfa_lab.paper import tables  # noqa: E402
from tests.paper.small_tables import SMALL  # noqa: E402

tables.TABLES = SMALL
st.set_page_config(layout="wide")
page.show()
