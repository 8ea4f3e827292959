"""Rules: what each learning rule does, with its equation and source."""

from pathlib import Path

import streamlit as st

with st.container(width=960):
    st.markdown((Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8"))
