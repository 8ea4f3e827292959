"""Experiments: everything that this server has trained, to be found again."""

import streamlit as st

from app import listing

st.title("Experiments", anchor=False)
listing.show()
