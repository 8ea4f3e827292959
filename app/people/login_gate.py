"""The gate of a server with a login: nobody passes it, to a page, a chart or a WebSocket, who is not named."""

from urllib.parse import quote

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket
from streamlit.user_info import generate_login_redirect_url

from app.people import administrator, identity, login, login_key, login_provider, login_proxy, small_page, socket_peer
from app.people.wanted_page import Wanted

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
LOG_IN = "This lab is for those who log in. It keeps nothing of your account but a number that it makes of it."
HEALTH, LEAVING, COMING = "/_stcore/health", "/auth/logout", ("/auth/login", login_provider.CALLBACK)
DOOR = "/login/"  # and a provider's name: the way to it


class Gate:
    """Middleware outside all others of the lab's own. `path`: where the lab is."""

    def __init__(self, app: ASGIApp, path: str = "/"):
        self._app, self._base = app, path.rstrip("/")
        self._wanted = Wanted(self._base)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        known = login_proxy.proxy()
        unsaid = {login.OWN, known.header} if known else {login.OWN}  # what no browser may tell the rest of the server
        headers = [(name, value) for name, value in scope["headers"] if name.decode("latin-1").lower() not in unsaid]
        inside = {**scope, "headers": headers}
        if scope["path"] == self._base + HEALTH or not login.on():
            await self._app(inside, receive, send)
            return
        answer = self._proxys(known, scope, headers) if known else self._providers(scope, headers)
        if answer is None:
            await self._app(inside, receive, self._forgetting(scope, send))
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close(REFUSED_SOCKET)
        else:
            await answer(scope, receive, send)

    def _proxys(self, known: login_proxy.Proxy, scope: Scope, headers: list) -> Response | None:
        """Note in the headers whom the proxy has named; what is answered instead to whom it has not."""
        found = (value for name, value in scope["headers"] if name.decode("latin-1").lower() == known.header)
        names = [text for value in found if (text := value.decode("utf-8", "surrogateescape").strip())]
        if not known.sends(socket_peer.of(scope)):
            return _said(PAST, 403, scope)
        if len(names) != 1:
            return _said(SEVERAL if names else NAMELESS, 403, scope)
        said = login.told(login_key.id_of("proxy", names[0]), login.keeps(names[0]))
        headers.append((login.OWN.encode(), said.encode()))
        return None

    def _providers(self, scope: Scope, headers: list) -> Response | None:
        """Note in the headers who has logged in; what is answered instead to those who have not, and on the way there."""
        path, cookies = scope["path"].removeprefix(self._base), HTTPConnection(scope).cookies
        if path in COMING or path == LEAVING:
            return None
        known = login_provider.providers()
        if path.startswith(DOOR) and (name := path.removeprefix(DOOR)) in known:
            return RedirectResponse(generate_login_redirect_url(name), 303, {"Cache-Control": "no-store"})
        said = login_provider.named(cookies)
        if said is None:
            links = {f"Log in at {host}": f"{self._base}{DOOR}{quote(name)}" for name, host in known.items()}
            return self._wanted.keep(scope, _said(LOG_IN, 401, scope, links))
        iss, sub = str(said["iss"]), str(said["sub"])
        id = login_key.id_of("provider", iss, sub)
        keeps = login.keeps(sub, *login_provider.addresses(said))
        headers.append((login.OWN.encode(), login.told(id, keeps).encode()))
        return self._wanted.back(scope)

    def _forgetting(self, scope: Scope, send: Send) -> Send:
        """`send`; who logs out is no longer the administrator by the link either."""
        if scope["path"] != self._base + LEAVING:
            return send
        return identity.also_setting(identity.no_cookie(administrator.COOKIE, self._base or "/"), send)


def _said(why: str, status: int, scope: Scope, links: dict[str, str] | None = None) -> Response:
    readable = "text/html" in HTTPConnection(scope).headers.get("accept", "")
    return small_page.page(why, status, links or {}) if readable else PlainTextResponse(why, status)
