"""The page that somebody wanted before they were asked to log in: kept in a cookie on the way there, which leads back to it."""

from urllib.parse import quote, unquote

from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Scope

COOKIE = "dfa_lab_wanted"
SECONDS = 15 * 60
LONGEST = 2000  # characters of an address


class Wanted:
    """`base`: path below which the lab is, "" or with a slash before it."""

    def __init__(self, base: str):
        self._base = base

    def keep(self, scope: Scope, answer: Response) -> Response:
        """The page that asks for the login, with what was wanted in its place."""
        query = scope.get("query_string", b"").decode("latin-1")
        wanted = quote(scope["path"], safe="/") + (f"?{query}" if query else "")
        if isinstance(answer, HTMLResponse) and wanted != f"{self._base}/" and len(wanted) <= LONGEST:
            answer.set_cookie(COOKIE, quote(wanted, safe=""), SECONDS, path=self._base or "/", httponly=True, samesite="lax")
        return answer

    def back(self, scope: Scope) -> Response | None:
        """The way to what was wanted, for whoever comes from the login; None for all else."""
        at_home = scope["type"] == "http" and scope["path"].rstrip("/") == self._base and not scope.get("query_string")
        wanted = unquote(HTTPConnection(scope).cookies.get(COOKIE, "")) if at_home else ""
        if not wanted:
            return None
        ours = wanted.startswith(f"{self._base}/") and not wanted.startswith("//") and wanted.isascii() and wanted.isprintable()
        way = RedirectResponse(wanted if ours and "\\" not in wanted else f"{self._base}/", 303, {"Cache-Control": "no-store"})
        way.delete_cookie(COOKIE, path=self._base or "/")
        return way
