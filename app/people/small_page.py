"""A page of one sentence and perhaps some links, for whoever gets no further: no script, and nothing of Streamlit's."""

import html
from collections.abc import Mapping

from starlette.responses import HTMLResponse

TEXT = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>DFA Lab</title><style>:root {{ color-scheme: light dark; font: 1.1rem/1.6 sans-serif }}
body {{ max-width: 40rem; margin: 15vh auto; padding: 0 1rem }}</style><h1>DFA Lab</h1><p>{text}</p>{links}"""


def page(text: str, status: int, links: Mapping[str, str]) -> HTMLResponse:
    """`text` is plain; `links`: address by what is written there."""
    written = "".join(f'<p><a href="{html.escape(to)}">{html.escape(name)}</a></p>' for name, to in links.items())
    return HTMLResponse(TEXT.format(text=html.escape(text), links=written), status, {"Cache-Control": "no-store"})
