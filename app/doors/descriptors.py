"""File descriptors: as many as the system gives, some kept for the runs, and a sentence where there are none left."""

import asyncio
import errno
import logging
import sqlite3
import time
from contextlib import suppress
from typing import Any

import streamlit as st
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None

from app.doors.guests import AGAIN, MOST

ENOUGH = 65_536  # more than this is not asked for: what starts processes may look at every number there could be
KEPT = 256  # for files of runs, the store and its readers, and for what is let in before anybody looks
QUIET = 60.0  # seconds in which the log says it once
NONE_LEFT = (
    "This server has no file descriptors left: too many connections and files are open. What is being trained goes on. "
    f"Try again in {AGAIN} seconds; whoever keeps the server can raise its limit (ulimit -n, LimitNOFILE of systemd)."
)

log = logging.getLogger(__name__)
_said: list[float] = []  # time.monotonic() of the last time


def raise_limit() -> None:
    """Take as many descriptors as the system lets this process have."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS has another limit beside
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def limit() -> int:
    """How many this process may have."""
    soft = ENOUGH if resource is None else resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return ENOUGH if resource is None or soft == resource.RLIM_INFINITY else soft


def connections() -> int:
    """How many of them may be connections."""
    return max(limit() // 4, min(MOST, limit() - KEPT))


def room(number: int, part: float = 0.5) -> bool:
    """Whether this part of what is kept is left after a new one of this number: the system gives the lowest that is free."""
    return resource is None or number < max(limit() // 2, limit() - round(part * KEPT))


def none_left(error: BaseException | None) -> bool:
    """Whether this error, or what it came of, is that there are no descriptors left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
            return True
        if isinstance(error, sqlite3.OperationalError) and "unable to open database file" in str(error):
            return True  # SQLite does not say why; the database was there when the server started
        error = error.__cause__ or error.__context__
    return False


def say() -> None:
    """Tell whoever reads the log, now and then."""
    now = time.monotonic()
    if not _said or now - _said[-1] > QUIET:
        _said[:] = [now]
        log.error("%s", NONE_LEFT)


def in_loop(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What the loop does with errors that are nobody's: asyncio would write a traceback for each visitor who cannot come in."""
    if none_left(context.get("exception")):
        say()
    else:
        loop.default_exception_handler(context)


def on_page(error: Exception) -> bool:
    """What a page shows that has failed; False where that is for Streamlit to say."""
    if not none_left(error):
        return False
    say()
    st.error(NONE_LEFT, icon=":material/hourglass_disabled:")
    return True


class Answers:
    """Middleware: whoever asks while there are none left is told so."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, head = False, None

        async def held(message: Message) -> None:
            nonlocal begun, head
            if message["type"] == "http.response.start":
                head = message  # a file is opened after it
                return
            if head is not None:
                begun, first, head = True, head, None
                await send(first)
            await send(message)

        try:
            await self._app(scope, receive, held)
        except ClientDisconnect:  # nobody is there to be answered
            return
        except (OSError, sqlite3.OperationalError) as error:
            if not none_left(error):
                raise
            say()
            if scope["type"] == "http" and not begun:
                await PlainTextResponse(NONE_LEFT, 503, {"retry-after": str(AGAIN)})(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1013, "reason": "try again later"})
