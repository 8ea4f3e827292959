"""Reproduce: the paper's tables, filled in by training them here."""

import streamlit as st

from app.reproduce import page

st.title("Reproduce the paper", anchor=False)
page.show()
