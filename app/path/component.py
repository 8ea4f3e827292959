"""The drawing of the error's path, fed with views of the shape that message.py gives them."""

from app.charts.component import Picture

_picture = Picture("dfa_lab_path", "path/view.js", "charts/angle_colours.css", "path/path.css", explained=True)
load, draw = _picture.load, _picture.draw
