"""The report of a training, made of what `python -m dfa_lab train --json` writes: one page, and its curves as a picture.

`html(summary)` is a file that needs nothing beside it, `png(summary)` the curves alone. Both are pure functions.
"""

from app.report.page import html
from app.report.picture import png

__all__ = ["html", "png"]
