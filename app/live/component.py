"""The live chart: one browser component, mounted once, that keeps zoom and choices and asks for news by itself (route.py).
The Lab and the page "Angles" show it, each with panels of its own.

`load_plotly()` goes at the top of a page, `live()` inside a fragment.
"""

from pathlib import Path

from streamlit.components.v2 import component

from app.charts import plotly_script
from app.charts.component import CHARTS, script

FOLDER = Path(__file__).parent
PARTS = (
    *(CHARTS / name for name in ("records.js", "theme.js", "figure.js", "heat.js", "interface.js")),
    FOLDER / "address.js",
    CHARTS / "lab_address.js",
    FOLDER / "news.js",
    FOLDER / "live.js",
)

# Streamlit repeats a component's script in every message, so the component with the view carries only a stub;
# the real code travels once, with a component that never changes.
_code = component("dfa_lab_live_code", js=script(*PARTS), css=script(FOLDER / "live.css"), isolate_styles=False)
_plotly = component(
    "dfa_lab_live_plotly", js=script(CHARTS / "lab_address.js", CHARTS / "plotly_loader.js"), isolate_styles=False
)
_stub = component("dfa_lab_live", js=script(CHARTS / "stub.js"), isolate_styles=False)


def load_plotly() -> None:
    """Send the chart code to the browser, and where plotly.js is: once a page, outside the fragment, before `live`.

    A rerun sends only a reference: Streamlit recognises the unchanged message by its hash.
    """
    _code(key="dfa_lab_live_code")
    _plotly(key="dfa_lab_live_plotly", data=plotly_script.address())


def live(view: dict, key: str) -> None:
    """Show `view`, plain JSON whose shape the head of live.js gives. The fragment around it runs again when the page around
    the chart has to change."""
    _stub(key=key, data={"key": key, "view": view}, on_stale_change=_nothing)


def _nothing() -> None:
    """Streamlit offers a trigger to a component only with something to call."""
