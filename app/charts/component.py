"""One base for the pictures that the browser draws: a page's component.py says what its picture is made of, in a few lines.

`load()` goes at the top of a page, `draw()` inside the ticking fragment; the page's message.py makes the view.
"""

from pathlib import Path
from typing import Any

from streamlit.components.v2 import component

from app.charts import modules, plotly_script
from app.words.glossary import glossary

# Streamlit repeats a component's script in every message. So all pictures share one short script, the newlines in which
# tell Streamlit that it is no path; it fetches their modules, once, from modules.py.
STUB = (Path(__file__).parent / "stub.js").read_text(encoding="utf-8")
LOADER = "charts/plotly_loader.js"
_code = component("dfa_lab_code", js=STUB, isolate_styles=False)


class Picture:
    """A picture of one kind. Its view class, `View` in its module, is mounted once and then only fed.

    `name`: of the component, as Streamlit knows it; `module`, `styles`: files below app/, the styles in the order in which
    they apply; `plotly`: it draws with plotly.js; `isolated`: its styles apply to nothing else on the page, and the page's
    not to it; `explained`: it marks the words of the glossary.
    """

    def __init__(
        self, name: str, module: str, *styles: str, plotly: bool = False, isolated: bool = False, explained: bool = False
    ):
        self.name, self.module, self.plotly, self.explained = name, module, plotly, explained
        self.styles = (*styles, "words/explained.css") if explained else styles
        self._component = component(name, js=STUB, isolate_styles=isolated)

    def code(self) -> dict:
        """The addresses of its module and its styles, below that of the lab."""
        return {"module": modules.address(self.module), "styles": [modules.address(name) for name in self.styles]}

    def load(self) -> None:
        """Let the browser fetch all that the picture needs at once: once a page, outside the fragment, before `draw`."""
        data = self.code() | {"modules": [modules.address(name) for name in modules.needed(self.module)]}
        if self.explained:
            data["glossary"] = glossary()
        if self.plotly:
            data |= {"plotly": {"module": modules.address(LOADER), "script": plotly_script.address()}}
        _code(key=f"{self.name}_code", data=data)

    def draw(self, view: dict, key: str, **callbacks: Any) -> Any:
        """Show `view`, plain JSON whose shape the head of the module gives. `callbacks`: as Streamlit takes them; what the
        triggers tell is an attribute each of what is returned."""
        return self._component(key=key, data={"key": key, "view": view, "code": self.code()}, **callbacks)
