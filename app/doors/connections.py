"""Connections that hold nobody up: uvicorn's protocols with the time-outs that it has no settings for.

uvicorn itself closes a connection that has been answered and is silent for `timeout_keep_alive`. What is added here: the head
of a request has to come within HEAD seconds, its body at a pace, an answer has to be taken, and a WebSocket has to begin.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from app.doors import descriptors
from app.doors.guests import AGAIN, Guests

HEAD = 10.0  # seconds for the head of a request, from the connection or from the answer before
BODY, BODY_LEAST = 20.0, 16 * 1024  # seconds, and bytes of a body that have to come in them
TAKE = 30.0  # seconds for which an answer may stand still: whoever asked does not read it
FIRST = 20.0  # seconds for a WebSocket's handshake and first message
LINGER = 1.0  # seconds that whoever is refused has for reading why
AT_ONCE = 32  # connections that are let in between two looks at all others
QUEUE = 2048  # that the system keeps meanwhile, once the server listens
SOON = 0.2  # seconds between looks at whether the server listens
TOO_SLOW = "Your request did not arrive within {:.0f} seconds, so its connection was closed: send it again."


def guard(server: uvicorn.Server) -> None:
    """Give a server that is about to start protocols with time-outs, and a bound to its connections."""
    config = server.config
    guests = Guests(descriptors.connections(), getattr(config.loaded_app, "trusted_hosts", ()))
    config.http_protocol_class = partial(Http, guests)  # type: ignore[assignment]
    config.ws_protocol_class = partial(WebSocket, guests)  # type: ignore[assignment]
    config.backlog = AT_ONCE  # asyncio lets in as many at a time, before it looks at one of them
    asyncio.get_running_loop().call_later(SOON, _let_wait, server)


def _let_wait(server: uvicorn.Server) -> None:
    """Let the system keep more than AT_ONCE newcomers: a class comes in one moment. Once it listens: a start may take long."""
    if not getattr(server, "servers", ()):
        asyncio.get_running_loop().call_later(SOON, _let_wait, server)
        return
    for listening in (one for listener in server.servers for one in listener.sockets):
        with suppress(OSError), socket.socket(fileno=os.dup(listening.fileno())) as same:
            same.listen(QUEUE)


def said(status: str, text: str) -> bytes:
    """A whole answer with one sentence, after which the connection ends."""
    body = f"{text}\n".encode()
    head = (
        f"HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\nx-content-type-options: nosniff\r\n"
        f"retry-after: {AGAIN}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


class _Deadline:
    """One moment at which something happens, unless it is set anew."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._loop, self._handle = loop, None

    def set(self, seconds: float, then: Callable[[], None]) -> None:
        self.clear()
        self._handle = self._loop.call_later(seconds, then)

    def clear(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class _Guarded:
    """What both protocols of uvicorn are given: `_deadline`, for what is waited for, and a time-out for answers not taken."""

    loop: asyncio.AbstractEventLoop
    transport: Any

    def __init__(self, guests: Guests, **given):
        super().__init__(**given)
        self._guests = guests
        self._deadline, self._taking = _Deadline(self.loop), _Deadline(self.loop)

    def connection_lost(self, exc: Exception | None) -> None:
        self._guests.leave(self.transport)
        self._deadline.clear()
        self._taking.clear()
        super().connection_lost(exc)  # type: ignore[misc]

    def pause_writing(self) -> None:
        super().pause_writing()  # type: ignore[misc]
        self._taking.set(TAKE, self.transport.abort)

    def resume_writing(self) -> None:
        self._taking.clear()
        super().resume_writing()  # type: ignore[misc]


class Http(_Guarded, H11Protocol):
    """A connection that speaks HTTP, until it becomes a WebSocket."""

    def __init__(self, guests: Guests, **given):
        super().__init__(guests, **given)
        self._refused = ""  # why, for a person
        self._phase: tuple[object, ...] = ()
        self._received = 0  # bytes since the last look

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        number = transport.get_extra_info("socket").fileno()
        address = self.client[0] if self.client else ""
        self._refused = self._guests.enter(transport, self, address, descriptors.room(number))
        if self._refused:
            self._deadline.set(LINGER if descriptors.room(number, 0.25) else 0, transport.abort)
        else:
            self._watch()

    def drop(self) -> None:
        """Close it at once: another one needs its place."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self._refused:
            self._received += len(data)
            super().data_received(data)
        elif self._phase != ("told",):
            self._phase = ("told",)
            self.transport.write(said("503 Service Unavailable", self._refused))
            if self.transport.can_write_eof():
                self.transport.write_eof()  # and then read on, or the answer would be lost with what is not read

    def handle_events(self) -> None:
        super().handle_events()
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._phase = ("upgraded",)
        self._deadline.clear()
        self._guests.busy(self.transport)
        super().handle_websocket_upgrade(event)

    def _watch(self) -> None:
        """Set the time-out of what is waited for now, if that is something new."""
        theirs = self.conn.their_state
        phase = (theirs, id(self.cycle))
        if phase == self._phase or self._phase == ("upgraded",) or self.transport.is_closing():
            return
        self._phase = phase
        self._deadline.clear()
        if theirs is h11.IDLE:
            self._guests.waits(self.transport, self)
            self._deadline.set(HEAD, self._late)
            return
        self._guests.busy(self.transport)
        if theirs is h11.SEND_BODY:
            self._look_at_body(first=True)

    def _look_at_body(self, first: bool = False) -> None:
        if not first and self._received < BODY_LEAST and not self.flow.read_paused:
            self._late()
            return
        self._received = 0
        self._deadline.set(BODY, self._look_at_body)

    def _late(self) -> None:
        """End what comes too slowly, with a sentence if something came and no answer has begun."""
        if self.transport.is_closing():
            return
        head = self.conn.their_state is h11.IDLE
        answered = not head and self.cycle is not None and self.cycle.response_started
        if answered or self.flow.write_paused:
            self.transport.abort()
            return
        if not head or self.conn.trailing_data[0]:
            self.transport.write(said("408 Request Timeout", TOO_SLOW.format(HEAD if head else BODY)))
        self.transport.close()
        self._deadline.set(LINGER, self.transport.abort)


class WebSocket(_Guarded, WebSocketsSansIOProtocol):
    """A connection that has asked to be a WebSocket."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._deadline.set(FIRST, self.transport.abort)

    def send_receive_event_to_app(self) -> None:
        self._deadline.clear()
        super().send_receive_event_to_app()
