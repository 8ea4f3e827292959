"""Server: who is on it, what it is busy with, and what it has left; for whoever keeps it."""

import streamlit as st

from app.server import page

st.title("Server", anchor=False)
page.show()
