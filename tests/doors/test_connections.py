"""Connections that hold others up: half-sent, idle, too many (real sockets, one server)."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.doors import connections, descriptors
from app.doors.guests import FULL, OWN_FULL, Guests, network_of
from tests.browser.conftest import free_port
from tests.doors.conftest import CONNECTIONS, LIMIT, Lab, parsed, rest
from tests.runs.patience import until

EMPTY = b"\x82\x80\x00\x00\x00\x00"  # a message of a WebSocket that says nothing


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\nHost: localhost\r\nX-"])
def test_what_is_idle_or_half_sent_keeps_nobody_out_and_is_closed(lab: Lab, sent: str) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(closing(lab.connect())) for _ in range(2 * CONNECTIONS)]
        for line in lines:
            line.sendall(sent.encode())
        assert lab.answer("GET /")[0] == 200
        ends = [rest(line) for line in lines]
    told = [parsed(end) for end in ends if end]
    assert all(status == 408 and "did not arrive within" in text for status, _, text in told)
    assert not told if not sent else len(told) <= CONNECTIONS
    assert lab.answer("GET /_stcore/health")[0] == 200


def test_who_is_slow_with_a_request_is_told_so_and_a_websocket_has_to_be_used(lab: Lab) -> None:
    """All at once: each is waited for as long as the server waits."""
    with closing(lab.connect()) as first, closing(lab.connect()) as second, closing(lab.web_socket()) as unused:
        first.sendall(b"GET / HTTP/1.1\r\nX-")
        second.sendall(b"GET /_stcore/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nX-")
        status, _, text = parsed(rest(first))
        assert (status, text.strip()) == (408, connections.TOO_SLOW.format(2))
        assert rest(second).count(b"HTTP/1.1 408") == 1  # the second request of a connection too
        rest(unused)  # to its end


@pytest.mark.skipif(sys.platform != "linux", reason="another address of this computer is needed")
def test_who_finds_no_place_is_told_whose_limit_it_is(lab: Lab) -> None:
    with ExitStack() as stack:
        for _ in range(CONNECTIONS // 2):
            stack.enter_context(closing(lab.web_socket("127.0.0.2"))).sendall(EMPTY)
        until(lambda: lab.answer("GET /", "127.0.0.2")[0] == 503, "it counts", 20)
        status, headers, text = lab.answer("GET /", "127.0.0.2")
        assert (status, text.strip()) == (503, OWN_FULL.format(CONNECTIONS // 2, headers["retry-after"]))
        assert lab.answer("GET /")[0] == 200  # others are let in
        for _ in range(CONNECTIONS - CONNECTIONS // 2):
            stack.enter_context(closing(lab.web_socket())).sendall(EMPTY)
        until(lambda: lab.answer("GET /")[0] == 503, "all places are taken")
        status, headers, text = lab.answer("GET /")
        assert (status, text.strip()) == (503, FULL.format(CONNECTIONS, headers["retry-after"]))
    until(lambda: lab.answer("GET /")[0] == 200, "they are gone")


def test_the_server_has_all_descriptors_that_it_may_have_and_says_when_there_are_none(lab: Lab) -> None:
    with closing(lab.connect()) as line:
        line.sendall(b"GET /_stcore/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 200")
        os.kill(lab.process.pid, signal.SIGUSR1)
        until(lambda: "all taken" in lab.said())
        try:
            if (numbers := Path(f"/proc/{lab.process.pid}/fd")).exists():
                until(lambda: all_taken(lab, numbers), "those are taken too that visits let go of meanwhile")
            line.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            status, _, text = parsed(rest(line))
            assert (status, text) == (503, descriptors.NONE_LEFT)
            with closing(lab.connect()):  # which cannot be let in
                until(lambda: descriptors.NONE_LEFT in lab.said())
        finally:
            os.kill(lab.process.pid, signal.SIGUSR2)
    until(lambda: lab.answer("GET /")[0] == 200)
    assert lab.said().count(descriptors.NONE_LEFT) == 1


def all_taken(lab: Lab, numbers: Path) -> bool:
    """Whether it holds as many as it may; if not, it is asked to take what is left once more."""
    if len(list(numbers.iterdir())) == LIMIT:
        return True
    os.kill(lab.process.pid, signal.SIGUSR1)
    return False


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator["Plain"]:
    """A guarded server that reads what it is sent and answers with 64 MB."""
    monkeypatch.setattr(connections, "BODY", 2.0)
    monkeypatch.setattr(connections, "TAKE", 0.3)
    ended = threading.Semaphore(0)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            connections.guard(server)
            await receive()
            time.sleep(2 * connections.SOON)  # the lab's start, too, takes longer
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.request":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": bytes(2**26)})
        ended.release()

    server = uvicorn.Server(uvicorn.Config(app, port=free_port(), log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, "it answers")
    yield Plain(server.config.port, ended, server)
    server.should_exit = True
    thread.join()


class Plain(NamedTuple):
    """Where a server is, and what is released each time its app has done with a request."""

    port: int
    ended: threading.Semaphore
    server: uvicorn.Server

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 60)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how many a socket lets wait")
def test_many_may_wait_to_be_let_in_though_the_start_takes_long(plain: Plain) -> None:
    """Was as few as are let in at once: whoever came next waited for a second."""
    (listener,) = plain.server.servers
    most = min(connections.QUEUE, int(Path("/proc/sys/net/core/somaxconn").read_text()))

    def waiting() -> int:
        told = listener.sockets[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        return int.from_bytes(told[28:32], sys.byteorder)  # tcpi_sacked, of one that listens

    until(lambda: waiting() == most > connections.AT_ONCE, "it lets them wait")


def test_a_body_that_stands_still_ends_and_one_that_comes_does_not(plain: Plain) -> None:
    with closing(plain.connect()) as still, closing(plain.connect()) as coming:
        still.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx")
        coming.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(10):
            coming.sendall(bytes(100_000))
            time.sleep(connections.BODY / 8)  # in all longer than BODY
        assert parsed(rest(coming))[0] == 200
        assert parsed(rest(still))[::2] == (408, connections.TOO_SLOW.format(2) + "\n")
        for _ in range(2):
            assert plain.ended.acquire(timeout=60)


def test_who_does_not_read_the_answer_is_left(plain: Plain) -> None:
    with closing(plain.connect()) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert plain.ended.acquire(timeout=60)  # though nothing was read
        assert len(rest(line)) < 2**26


class Dropped:
    """One end of a connection."""

    def __init__(self) -> None:
        self.gone = False

    def drop(self) -> None:
        self.gone = True


def test_who_has_waited_longest_makes_room_and_whoever_is_busy_does_not() -> None:
    guests, ends = Guests(4, trusted={"10.0.0.1"}), [Dropped() for _ in range(9)]
    for number in range(4):
        assert guests.enter(number, ends[number], "10.0.0.1") == ""
    guests.busy(0)
    assert guests.enter(4, ends[4], "10.0.0.9") == "" and [end.gone for end in ends[:4]] == [False, True, False, False]
    guests.waits(0, ends[0])
    guests.busy(2)
    guests.busy(3)
    guests.busy(4)
    assert guests.enter(5, ends[5], "10.0.0.1") == "" and ends[0].gone
    guests.busy(5)
    assert guests.enter(6, ends[6], "10.0.0.1").startswith("This server holds")
    guests.leave(2)
    assert guests.enter(6, ends[6], "10.0.0.1", room=False).startswith("This server holds")
    assert guests.enter(6, ends[6], "10.0.0.1") == ""


def test_addresses_that_one_person_can_have_count_as_one() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:2") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") != network_of("192.0.2.2")


def test_what_a_page_shows_when_there_are_no_descriptors_left() -> None:
    from streamlit.testing.v1 import AppTest

    def page() -> None:
        import errno

        from app.doors.descriptors import on_page

        try:
            raise ValueError("a file") from OSError(errno.EMFILE, "Too many open files", "/srv/secret")
        except ValueError as error:
            assert on_page(error) and not on_page(KeyError("x"))

    shown = AppTest.from_function(page).run()
    assert [one.value for one in shown.error] == [descriptors.NONE_LEFT]
