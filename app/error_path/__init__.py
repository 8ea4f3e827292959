"""The drawing of the error's path: one browser component, mounted once and fed with views (message.py).

`load()` goes at the top of a page, `draw()` inside the ticking fragment.
"""

from pathlib import Path

from streamlit.components.v2 import component

from app.live import FOLDER as LIVE

FOLDER = Path(__file__).parent
PARTS = ("svg.js", "panel.js", "details.js", "numbers.js", "layer.js", "view.js")  # joined in this order into one script


def _text(*paths: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths) + "\n"


# As for the live chart: Streamlit repeats a component's script at every tick, so the ticking one is only a stub.
_code = component(
    "dfa_lab_path_code", js=_text(*(FOLDER / name for name in PARTS)), css=_text(FOLDER / "path.css"), isolate_styles=False
)
_stub = component("dfa_lab_path", js=_text(LIVE / "stub.js").replace("__dfaLab", "__dfaPath"), isolate_styles=False)


def load() -> None:
    """Send the drawing code to the browser: once a page, outside the fragment, before `draw`."""
    _code(key="dfa_lab_path_code")


def draw(view: dict, key: str) -> None:
    """Show `view`, of the shape that message.py gives it."""
    _stub(key=key, data={"key": key, "view": view})
