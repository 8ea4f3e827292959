"""The report of a training, made of what `python -m dfa_lab train --json` writes: one page, and its curves as a picture.

`html(summary)` is a file that needs nothing beside it, `png(summary)` the curves alone. Both are pure functions.
"""

from typing import Any

from app.report.document import html

__all__ = ["html", "png"]


def png(summary: dict[str, Any]) -> bytes:
    """A picture of all panels, light, about 1900 pixels wide."""
    from app.report import picture  # matplotlib is slow to import: only where it is needed

    return picture.png(summary)
