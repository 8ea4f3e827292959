"""Rules: what each learning rule does, with its equation and source; how the lab differs from dfa-torch; what it measures."""

from pathlib import Path

import streamlit as st

from app.bar import share_links
from app.report import all_settings
from app.shell import pages, scroll_stops
from dfa_lab.feedback.explained import explained

DOCS = Path(__file__).parent.parent / "docs"

with st.container(width=960):
    with st.container(horizontal=True, horizontal_alignment="right"):  # the text below has its own title
        share_links.popover(pages.RULES)
    names = ["The learning rules", "For those who know dfa-torch", "What is measured", "Every setting"]
    asked = names[-1] if st.query_params.get("about") == "settings" else None
    rules, reference, angles, settings = st.tabs(names, default=asked, key="rules_tabs", on_change="rerun")
    rules.markdown(explained((DOCS / "rules.md").read_text(encoding="utf-8")))
    reference.markdown((DOCS / "dfa-torch.md").read_text(encoding="utf-8"))
    angles.markdown((DOCS / "angles.md").read_text(encoding="utf-8"))
    if settings.open:  # some fifty texts, which nobody waits for who reads of the rules
        with settings:
            all_settings.show()
scroll_stops.add()
