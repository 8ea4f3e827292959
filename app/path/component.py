"""The drawing of the error's path: one browser component, mounted once and fed with views (message.py).

`load()` goes at the top of a page, `draw()` inside the ticking fragment.
"""

from pathlib import Path

from streamlit.components.v2 import component

from app.charts.component import CHARTS, script

FOLDER = Path(__file__).parent
PARTS = ("svg.js", "panel.js", "details.js", "numbers.js", "layer.js", "view.js")  # joined in this order into one script


# As for the live chart: Streamlit repeats a component's script at every tick, so the ticking one is only a stub.
_code = component(
    "dfa_lab_path_code", js=script(*(FOLDER / name for name in PARTS)), css=script(FOLDER / "path.css"), isolate_styles=False
)
_stub = component("dfa_lab_path", js=script(CHARTS / "stub.js").replace("__dfaLab", "__dfaPath"), isolate_styles=False)


def load() -> None:
    """Send the drawing code to the browser: once a page, outside the fragment, before `draw`."""
    _code(key="dfa_lab_path_code")


def draw(view: dict, key: str) -> None:
    """Show `view`, of the shape that message.py gives it."""
    _stub(key=key, data={"key": key, "view": view})
