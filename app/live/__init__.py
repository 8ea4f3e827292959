"""The live chart: one browser component, mounted once and fed with deltas, that keeps zoom and choices.

`load_plotly()` goes at the top of a page, `live()` inside the ticking fragment.
"""

import gzip
from collections.abc import Callable
from functools import cache
from pathlib import Path

import streamlit as st
from plotly.offline import get_plotlyjs

FOLDER = Path(__file__).parent
# Joined in this order into one script: inline component scripts cannot import each other.
PARTS = ("records.js", "figure.js", "interface.js", "live.js")


def _text(*names: str) -> str:
    """Joined file contents; the newlines inside also tell Streamlit that this is no path."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names) + "\n"


# Streamlit repeats a component's script in every message, so the ticking component carries only a stub;
# the real code and plotly.js travel once, with components that never tick.
_code = st.components.v2.component("dfa_lab_live_code", js=_text(*PARTS), css=_text("live.css"), isolate_styles=False)
_plotly = st.components.v2.component("dfa_lab_live_plotly", js=_text("plotly_loader.js"), isolate_styles=False)
_stub = st.components.v2.component("dfa_lab_live", js=_text("stub.js"), isolate_styles=False)


@cache
def _packed_plotly() -> bytes:
    return gzip.compress(get_plotlyjs().encode(), compresslevel=6, mtime=0)


def load_plotly() -> None:
    """Send the chart code and plotly.js to the browser: once a page, outside the fragment, before `live`.

    A rerun sends only a reference: Streamlit recognises the unchanged message by its hash.
    """
    _code(key="dfa_lab_live_code")
    _plotly(key="dfa_lab_live_plotly", data=_packed_plotly())


def live(view: dict, key: str, on_resync: Callable[[int], None]) -> None:
    """Show `view`, plain JSON whose shape the head of live.js gives.

    `on_resync(have)` is called before the fragment's next run when records are missing in the browser;
    the next view must then start at record `have` or before.
    """

    def resync() -> None:
        have = st.session_state[key].resync
        if have is not None:
            on_resync(int(have))

    _stub(key=key, data={"key": key, "view": view}, on_resync_change=resync)
