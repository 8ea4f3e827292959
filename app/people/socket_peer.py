"""Who is at the other end of a connection: the address of the socket, whatever the headers say.

Uvicorn puts the address of X-Forwarded-For in its place before the lab is asked, where a proxy that it knows sent that.
"""

from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

KEY = "dfa_lab.peer"  # in the scope of a connection, where no client can write


class Noted:
    """Middleware around all others, uvicorn's too."""

    def __init__(self, app: Any):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            client = scope.get("client")
            scope[KEY] = client[0] if client else ""
        await self._app(scope, receive, send)


def note(server: uvicorn.Server) -> None:
    """From now on connections of this server have their address noted; before it listens."""
    server.config.loaded_app = Noted(server.config.loaded_app)


def of(scope: Scope) -> str:
    """The address; empty where it is not known, as with a server that nobody has told to note it."""
    return scope.get(KEY, "")
