"""Experiments: everything that this server has trained, to be found again."""

import streamlit as st

from app import importing, listing

st.title("Experiments", anchor=False)
importing.show()
listing.show()
