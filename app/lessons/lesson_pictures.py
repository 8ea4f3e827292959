"""The drawings of the lessons: SVG files beside them, without words, so that they need no translation."""

from base64 import b64encode
from functools import cache
from html import escape

import streamlit as st

from dfa_lab.lessons import PICTURES, Step


@cache
def _address(name: str) -> str:
    """Read once: a server goes on with the files that it was started with."""
    return f"data:image/svg+xml;base64,{b64encode((PICTURES / f'{name}.svg').read_bytes()).decode()}"


def show(step: Step) -> None:
    """The drawing of a step."""
    st.html(f'<img src="{_address(step.picture)}" alt="{escape(step.picture_says)}" style="width:100%">')
