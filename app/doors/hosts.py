"""By which names the server is known, and from which pages it may be asked.

A page of somebody else's can point a name of its own at this server's address: to the browser both are then one site. So a
server that knows its names answers to no others.
"""

import ipaddress
import os
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

from app.people import identity

VARIABLE = "DFA_LAB_HOSTS"  # of the environment: names with commas between them
UNKNOWN = (
    "This lab does not answer to the name {}: open it by its own address. "
    "Whoever keeps the server lets it have that name with --host {}."
)
NAMELESS = "This request does not say by which name it knows this lab (the header Host), so it is not answered: open the page."
FOREIGN = "This is asked for by a page of another site, {}, so it is not answered: open the lab itself."


def names() -> list[str]:
    """The names that were given, in small letters; "*.example.org" stands for all below that one."""
    given = os.environ.get(VARIABLE, "").replace(",", " ").split()
    return [name for one in given if (name := name_of(one.partition("://")[2] or one))]


def name_of(host: str | None) -> str:
    """The name in a header Host, in small letters and without the port; empty for what is none."""
    try:
        found = urlsplit(f"//{host or ''}")
        port = found.port  # raises ValueError for a wrong one
    except ValueError:
        return ""
    rest = (found.username, found.password, found.path.strip("/"), found.query, found.fragment)
    return "" if any(rest) or port == 0 else (found.hostname or "").rstrip(".")


def answers_to(host: str | None, shared: bool, known: Sequence[str]) -> bool:
    """Whether the server goes by the name in a header Host; `known`: the names that it was given.

    Names of this computer for itself are always right: health is asked by them. Without names that were given, a shared server
    cannot know how people call it; one of one's own is called by an address, which no other site can have.
    """
    name = name_of(host)
    if not name:
        return False
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        address = None
    if name == "localhost" or name.endswith(".localhost") or (address is not None and address.is_loopback):
        return True
    if known:
        return any(name == one or (one.startswith("*.") and name.endswith(one[1:])) for one in known)
    return shared or address is not None


def may_ask(origin: str | None, host: str | None) -> bool:
    """Whether a page of this origin may ask: as Streamlit says for its WebSocket, but without asking others for addresses."""
    if origin is None or not config.get_option("server.enableCORS"):
        return True
    theirs = urlsplit(origin)
    if theirs.netloc and theirs.netloc == host:
        return True
    allowed = [urlsplit(one.strip()).hostname for one in config.get_option("server.corsAllowedOrigins")]
    own = config.get_option("server.address") if config.is_manually_set("server.address") else None
    return theirs.hostname is not None and theirs.hostname in ("localhost", "127.0.0.1", "0.0.0.0", own, *allowed)


class Hosts:
    """Middleware: refuses what is asked by another name, and what the pages of others ask of WebSocket and charts."""

    def __init__(self, app: ASGIApp, charts: str = "/live/"):
        """`charts`: the path below which charts ask."""
        self._app, self._charts, self._known = app, charts, names()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        why = self._refusal(scope) if scope["type"] in ("http", "websocket") else ""
        if not why:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await PlainTextResponse(f"{why}\n", 403)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": "not by this name, or not from there"})

    def _refusal(self, scope: Scope) -> str:
        headers = Headers(scope=scope)
        host, origin = headers.get("host"), headers.get("origin")
        if not answers_to(host, identity.shared(), self._known):
            name = name_of(host)[:100]
            return UNKNOWN.format(name, name) if name else NAMELESS
        if scope["type"] == "websocket" or scope["path"].startswith(self._charts):
            if not may_ask(origin, host):
                return FOREIGN.format(origin)
            if scope["type"] == "http" and headers.get("sec-fetch-site") == "cross-site":
                return FOREIGN.format("which the browser does not name")
        return ""
