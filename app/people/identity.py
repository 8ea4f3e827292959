"""Who a visitor is. In shared mode every browser gets a name of this server, in a cookie that no script can read.

Nothing personal is in it: it is drawn at random, and what the lab keeps of it is a hash, from which it cannot be found again.
Where there is a login (login.py) no browser gets one: who is named there is the same visitor in all of theirs.
"""

import hashlib
import ipaddress
import os
import re
import secrets
from collections.abc import Callable

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.people import administrator, login
from dfa_lab.runs.rights import NOBODY, PERSON, Visitor

VARIABLE = "DFA_LAB_SHARED"  # of the environment: "1" shares a server that listens to this computer alone, behind a proxy say
COOKIE = "dfa_lab_visitor"
FORM = re.compile("[0-9a-f]{64}")
A_YEAR = 365 * 24 * 3600  # seconds


def shared() -> bool:
    """Whether several people use this server: it listens to others, asks for a login, or was told so."""
    said = os.environ.get(VARIABLE, "") not in ("", "0")
    return said or login.on() or not listens_alone()


def listens_alone() -> bool:
    """Whether only this computer can open a connection to the server, be it a proxy for others."""
    return _is_own(config.get_option("server.address"))


def _is_own(address: str | None) -> bool:
    """Whether only this computer can reach the address; Streamlit's empty one is every address."""
    if not address:
        return False
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:  # another name of some computer
        return False


def visitor() -> Visitor:
    """Whoever the present script is run for; nobody where it is run for no one, such as in a thread of the server's own."""
    if not shared():
        return PERSON
    run = get_script_run_ctx(suppress_warning=True)
    return NOBODY if run is None else who(_kept, run.user_info.get(login.CLAIM), name_of(run.session_id))


def who(kept: Callable[[str], str], said: object, otherwise: str) -> Visitor:
    """The visitor of whom a login says this, or whose browser keeps these cookies, on a shared server.

    `otherwise`: the id of one without cookies, as inside another site's page, who is known for one visit.
    """
    named = login.heard(said) if login.on() else None
    if login.on() and named is None:
        return NOBODY
    if administrator.known(kept(administrator.COOKIE)) or (named and named.administrator):
        return Visitor("", administrator=True)
    if named:
        return Visitor(named.id)
    told = kept(COOKIE)
    return Visitor(name_of(told) if FORM.fullmatch(told) else otherwise)


def _kept(name: str) -> str:
    """A cookie of the visitor's browser; empty where there is none, as in a run that has no browser."""
    value = st.context.cookies.get(name)
    return value if isinstance(value, str) else ""


def asker(request: Request, here: Callable[[str], bool]) -> str:
    """Who asks for something past Streamlit: a visitor's hash, or the address of one without a cookie; empty on a server of
    one's own.

    `here`: whether a visitor of this hash has opened a page. A cookie that nobody was seen with may be made up.
    """
    if not shared():
        return ""
    if login.on():
        named = login.heard(request.headers.get(login.OWN))
        return named.id if named else ""
    told = request.cookies.get(COOKIE, "")
    if FORM.fullmatch(told) and here(name := name_of(told)):
        return name
    return request.client.host if request.client else ""


def name_of(told: str) -> str:
    """The id of the visitor with this cookie, from which it cannot be found again."""
    return hashlib.sha256(told.encode()).hexdigest()[:12]


class Cookies:
    """Middleware: gives whoever has no name of this server one, with the page."""

    def __init__(self, app: ASGIApp, path: str = "/"):
        self._app, self._path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = scope["type"] == "http" and shared() and not login.on()
        page = wanted and "text/html" in Request(scope).headers.get("accept", "")
        if not page or FORM.fullmatch(Request(scope).cookies.get(COOKIE, "")):
            await self._app(scope, receive, send)
            return

        await self._app(scope, receive, also_setting(cookie(COOKIE, secrets.token_hex(32), scope, self._path), send))


def also_setting(cookie: str, send: Send) -> Send:
    """`send` that adds a header which sets a cookie."""

    async def with_cookie(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", cookie)
        await send(message)

    return with_cookie


def no_cookie(name: str, path: str) -> str:
    """The text of a header that takes a cookie away."""
    return f"{name}=; Path={path}; Max-Age=0; HttpOnly; SameSite=Lax"


def cookie(name: str, value: str, scope: Scope, path: str) -> str:
    """The text of a header that sets a cookie for a year: for this server alone, unread by scripts, not sent by other sites."""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{name}={value}; Path={path}; Max-Age={A_YEAR}; HttpOnly; SameSite=Lax{secure}"
