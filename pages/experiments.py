"""Experiments: everything that this server has trained, to be found again."""

import streamlit as st

from app.experiments import import_zip, page

st.title("Experiments", anchor=False)
import_zip.show()
page.show()
