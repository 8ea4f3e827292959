"""Reproduce: the paper's tables, filled in by training them here."""

import streamlit as st

from app import reproducing

st.title("Reproduce the paper", anchor=False)
reproducing.show()
