"""The charts of a comparison and the table beside them: one browser component, mounted once and fed with views.

`load()` goes at the top of the page, `draw()` inside the ticking fragment; message.py makes the view.
"""

from pathlib import Path

from streamlit.components.v2 import component

from app.charts.component import CHARTS, script
from app.live.component import load_plotly

FOLDER = Path(__file__).parent
# Joined in this order into one script. Of the live chart: how curves, axes and marks look, and what stands around them.
PARTS = (
    *(CHARTS / name for name in ("records.js", "theme.js", "figure.js", "interface.js")),
    *(FOLDER / name for name in ("traces.js", "panel.js", "list.js", "view.js")),
)


# As for the live chart: Streamlit repeats a component's script at every tick, so the ticking one is only a stub.
_code = component("dfa_lab_compare_code", js=script(*PARTS), css=script(FOLDER / "compare.css"), isolate_styles=False)
_stub = component("dfa_lab_compare", js=script(CHARTS / "stub.js").replace("__dfaLab", "__dfaCompare"), isolate_styles=False)


def load() -> None:
    """Send the drawing code and plotly.js to the browser: once a page, outside the fragment, before `draw`."""
    _code(key="dfa_lab_compare_code")
    load_plotly()


def draw(view: dict, key: str) -> None:
    """Show `view`, of the shape that message.py gives it."""
    _stub(key=key, data={"key": key, "view": view})
