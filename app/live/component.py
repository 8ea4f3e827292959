"""The live chart, which keeps zoom and choices and asks for news by itself (route.py). The Lab and the page "Angles" show it,
each with panels of its own.

`load_plotly()` goes at the top of a page, `live()` inside a fragment.
"""

from collections.abc import Callable
from functools import partial

from app.charts.component import Picture
from app.visit.session import held

STYLES = ("charts/panels.css", "charts/angle_colours.css", "live/live.css", "live/networks.css")
_picture = Picture("dfa_lab_live", "live/view.js", *STYLES, plotly=True, explained=True)
load_plotly = _picture.load


def live(view: dict, key: str, take: Callable[[object], None] = lambda wanted: None) -> str | None:
    """Show `view`, plain JSON whose shape the head of view.js gives. The fragment around it runs again when the page around
    the chart has to change. The name of a page, once, when the viewer wants to see more of the networks there.

    `take`: called before that, with what the viewer wants of the networks' sizes.
    """
    take_sizes = partial(_take, key, take)
    return _picture.draw(view, key, on_stale_change=_nothing, on_open_change=_nothing, on_sizes_change=take_sizes).open


def _nothing() -> None:
    """Streamlit offers a trigger to a component only with something to call."""


def _take(key: str, take: Callable[[object], None]) -> None:
    take(held(key).sizes)
