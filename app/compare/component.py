"""The charts of a comparison and the table beside them, fed with views of the shape that message.py gives them."""

from app.charts.component import Picture

_picture = Picture(
    "dfa_lab_compare", "compare/view.js", "charts/panels.css", "compare/compare.css", plotly=True, explained=True
)
load, draw = _picture.load, _picture.draw
