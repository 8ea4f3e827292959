"""plotly.js, as browsers get it: packed once, at an address that changes with it, so that they may keep it for good."""

import gzip
from functools import cache
from hashlib import sha256

from plotly.offline import get_plotlyjs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.shell.encodings import takes_gzip

PATH = "plotly.js"
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}


def parsed_once(script: str) -> str:
    """Put the one big function of plotly.js in parentheses, so that browsers do not parse it twice: a third faster.

    A script of another shape comes back as it is.
    """
    head, arrow, body = script.partition(", () => {")
    body, end = body.rstrip(), "}));"
    if not arrow or len(head) > 1000 or not body.endswith(end):
        return script
    return f"{head}, (() => {{{body.removesuffix(end)}}})));"


@cache
def packed() -> bytes:
    """plotly.js as it travels. The first call takes about a second."""
    return gzip.compress(parsed_once(get_plotlyjs()).encode(), compresslevel=6, mtime=0)


@cache
def address() -> str:
    """The address of plotly.js, below that of the lab."""
    return f"{PATH}?{sha256(packed()).hexdigest()[:12]}"


def answer(request: Request, file: bytes, media_type: str) -> Response:
    """What browsers may keep for good, given as a gzip file: packed for those who take that, unpacked for the others."""
    if takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(file, media_type=media_type, headers=FOR_GOOD | {"Content-Encoding": "gzip"})
    return Response(gzip.decompress(file), media_type=media_type, headers=FOR_GOOD)


async def _answer(request: Request) -> Response:
    return answer(request, packed(), "text/javascript")


def route(base: str) -> Route:
    """`base`: path below which the lab is, "" or with a slash before it."""
    return Route(f"{base}/{PATH}", _answer)
