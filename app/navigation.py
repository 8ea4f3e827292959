"""What every visit begins with: page config and navigation."""

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # streamlit's tests put only this file's folder there
    sys.path.insert(0, str(ROOT))

st.set_page_config(page_title="DFA Lab", page_icon=str(ROOT / "app" / "shell" / "icon.svg"), layout="wide")
from app.shell import contrast, margins, projector  # noqa: E402 (the path has to be there first)

contrast.apply()
margins.apply()
projector.apply()
st.logo(str(ROOT / "app" / "shell" / "logo.svg"), size="large")
st.navigation(
    {
        "": [
            st.Page("../pages/lab.py", title="Lab", icon=":material/science:", default=True),
            st.Page("../pages/lessons.py", title="Lessons", icon=":material/school:"),
            st.Page("../pages/path.py", title="The path of the error", icon=":material/route:"),
        ],
        "Look inside": [
            st.Page("../pages/learnt.py", title="What it has learnt", icon=":material/visibility:"),
            st.Page("../pages/angles.py", title="Angles", icon=":material/square_foot:"),
            st.Page("../pages/feedback.py", title="Feedback", icon=":material/grid_on:"),
        ],
        "Runs": [
            st.Page("../pages/experiments.py", title="Experiments", icon=":material/list:"),
            st.Page("../pages/compare.py", title="Compare", icon=":material/stacked_line_chart:"),
            st.Page("../pages/reproduce.py", title="Reproduce", icon=":material/table_chart:"),
        ],
        "Proof and rules": [
            st.Page("../pages/proofs.py", title="Is it really DFA?", icon=":material/fact_check:"),
            st.Page("../pages/rules.py", title="Rules", icon=":material/menu_book:"),
        ],
    },
    position="top",
).run()
