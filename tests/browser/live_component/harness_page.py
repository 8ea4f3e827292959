"""A page that feeds the real live component with invented records; the tests press its buttons.

Query parameters: layers, seeds, state, points (records there at the start, in measurements), still (no ticking).
"""

from uuid import uuid4

import streamlit as st

from app.live.component import live, load_plotly
from tests.browser.live_component.invented import ALL, Invented

st.set_page_config(layout="wide")
options = st.query_params


def begin(number: int, points: int) -> None:
    key = str(uuid4())
    still, state = "still" in options, options.get("state", "running")
    ALL[key] = Invented(number, int(options.get("layers", 2)), int(options.get("seeds", 1)), points, state, still)
    st.session_state.update(key=key, number=number)


if "key" not in st.session_state:
    begin(0, int(options.get("points", 1)))
invented = ALL[st.session_state.key]


def fail() -> None:
    invented.fails = True


load_plotly()
st.button("Next experiment", on_click=begin, args=(st.session_state.number + 1, 1))
st.button("Grow", on_click=invented.grow, args=(30,))
st.button("Fail behind its back", on_click=fail)
st.button("Rerun")


@st.fragment
def watch() -> None:
    live(invented.view() | {"address": f"live/{st.session_state.key}?map=", "waits": "still" not in options}, key="watched")
    st.text(f"drawn as {invented.state}")


watch()
