"""The gate of a server with a login: nobody passes it, to a page, a chart or a WebSocket, who is not named."""

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from app.shell import login, small_page, socket_peer

REFUSED_SOCKET = 1008  # the code for what is against a server's policy
PAST = "This lab is entered through a proxy that asks who you are, and you have come past it: open the address that it has."
NAMELESS = (
    "The proxy before this lab has not said who you are. Log in there and load this page again; if that does not help, tell "
    "whoever keeps the server that its login names nobody."
)
SEVERAL = (
    "The proxy before this lab has named several people at once. Tell whoever keeps the server that it has to replace the "
    "login's header, and not to add to one that a browser sent."
)


class Gate:
    """Middleware outside all others of the lab's own. `path`: where the lab is."""

    def __init__(self, app: ASGIApp, path: str = "/"):
        self._app, self._open = app, f"{path.rstrip('/')}/_stcore/health"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        known = login.proxy()
        unsaid = {login.OWN, known.header} if known else {login.OWN}  # what no browser may tell the rest of the server
        peer, names = socket_peer.of(scope), _values(scope, known.header) if known else []
        headers = [(name, value) for name, value in scope["headers"] if name.decode("latin-1").lower() not in unsaid]
        if known and scope["path"] != self._open:
            if why := _why_not(known, peer, names):
                await _refuse(why, scope, receive, send)
                return
            said = login.told(login.id_of("proxy", names[0]), login.keeps(names[0]))
            headers.append((login.OWN.encode(), said.encode()))
        await self._app({**scope, "headers": headers}, receive, send)


def _values(scope: Scope, header: str) -> list[str]:
    """What a header says, once for each time that it is there."""
    found = (value for name, value in scope["headers"] if name.decode("latin-1").lower() == header)
    return [text for value in found if (text := value.decode("utf-8", "surrogateescape").strip())]


def _why_not(known: login.Proxy, peer: str, names: list[str]) -> str:
    """Why somebody is not let in; empty where they are."""
    if not known.sends(peer):
        return PAST
    if not names:
        return NAMELESS
    return SEVERAL if len(names) > 1 else ""


async def _refuse(why: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await WebSocket(scope, receive, send).close(REFUSED_SOCKET)
        return
    readable = "text/html" in HTTPConnection(scope).headers.get("accept", "")
    answer: Response = small_page.page(why, 403, {}) if readable else PlainTextResponse(why, 403)
    await answer(scope, receive, send)
