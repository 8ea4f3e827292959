"""The HTML of the pages below the lab's own address: Streamlit's, and where the lab is.

Without that, Streamlit's script takes a page's address for the lab's and asks there for its server first; it is told that
there is none (404) twice at every visit, which the browser's console shows as errors (Streamlit 1.67).
"""

from functools import cache
from pathlib import Path

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from streamlit import file_util

from app.shell.pages import PAGES

# A page's address is that of the lab, a slash and the page's name, whatever the host puts before it.
HERE = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href }</script>'
WORD = "dfa_lab_word"  # what an address that there never was may be called; what Streamlit has itself is called otherwise
NOT_KEPT = {"Cache-Control": "no-cache"}  # as Streamlit has it: it names files that change with each version


class _Word(StringConvertor):
    """Small letters alone."""

    regex = "[a-z]+"


register_url_convertor(WORD, _Word())


@cache
def html() -> str:
    """What a browser gets. Streamlit's own scripts are below the lab, and named by relative addresses."""
    index = Path(file_util.get_static_dir(), "index.html").read_text(encoding="utf-8")
    return index.replace("<head>", f"<head>{HERE}", 1)


async def _answer(_: Request) -> HTMLResponse:
    return HTMLResponse(html(), headers=NOT_KEPT)


def routes(base: str) -> list[Route]:
    """The routes of the pages, and of addresses where there is none, which the page then says.

    `base`: path below which the lab is, "" or with a slash before it. They come after all other routes of the lab.
    """
    return [Route(f"{base}/{name}", _answer) for name in [*(page.path for page in PAGES if not page.default), f"{{_:{WORD}}}"]]
