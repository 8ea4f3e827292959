"""One server for the tests of its doors, with few descriptors and short patience."""

import os
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from dfa_lab.runs.manager import Manager
from tests.browser.conftest import free_port, healthy
from tests.children import Child
from tests.runs.patience import tiny, until, until_state

ROOT = Path(__file__).parents[2]
LIMIT = 400  # descriptors of the server; a WebSocket's visit takes four
CONNECTIONS = 40
# SIGUSR1 takes all descriptors that are left, SIGUSR2 gives them back.
START = f"""
import os, resource, signal, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({LIMIT - 50}, {LIMIT}))
from app.doors import connections, descriptors
descriptors.connections = lambda: {CONNECTIONS}
connections.HEAD, connections.FIRST = 2.0, 2.0
from streamlit.web import cli
taken = []
def take(*_):
    try:
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        print("all taken", flush=True)
def give(*_):
    while taken:
        os.close(taken.pop())
signal.signal(signal.SIGUSR1, take)
signal.signal(signal.SIGUSR2, give)
sys.argv = ["streamlit", "run", "app/main.py", "--server.port=PORT", "--server.address=127.0.0.1"]
cli.main()
"""
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec_WebSocket_Version": "13",
    "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@dataclass
class Lab:
    """A server of a process of its own."""

    port: int
    process: Child
    log: Path
    ended: str  # an experiment that has ended before the server was started

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection that waits a minute for each answer."""
        return socket.create_connection(("127.0.0.1", self.port), 60, (source, 0))

    def answer(self, request: str, source: str = "127.0.0.1", **headers: str) -> tuple[int, dict[str, str], str]:
        """Status, headers with small names, and text. `request`: as `GET /`; `headers` with _ for -."""
        told = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"} | headers
        with closing(self.connect(source)) as line:
            line.sendall(f"{request} HTTP/1.1\r\n{lines(told)}\r\n".encode())
            return parsed(rest(line))

    def web_socket(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection that has asked to be a WebSocket, and was let in."""
        line = self.connect(source)
        line.sendall(f"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{lines(UPGRADE)}\r\n".encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 101")
        return line

    def said(self) -> str:
        """What the server has written so far."""
        return self.log.read_text(encoding="utf-8")


def lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())


def rest(line: socket.socket) -> bytes:
    """What comes until the other side closes."""
    found = b""
    while True:
        try:
            more = line.recv(65536)
        except ConnectionResetError:
            return found
        if not more:
            return found
        found += more


def parsed(answer: bytes) -> tuple[int, dict[str, str], str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *others = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in others)}
    return int(first.split()[1]), headers, body.decode(errors="replace")


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    if not hasattr(signal, "SIGUSR1"):
        pytest.skip("this system has no limit of descriptors")
    folder, port = tmp_path_factory.mktemp("doors"), free_port()
    before = Manager(folder / "runs")
    ended = before.start(tiny(epochs=2))
    until_state(before, ended, "finished")
    before.close()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "DFA_LAB_SHARED": "1", "DFA_LAB_RUNS": str(folder / "runs")}
    environment["DFA_LAB_HOSTS"] = "lab.example.org, *.labs.example.org"
    with (folder / "log.txt").open("w") as output:
        number = output.fileno()
        process = Child("-c", START.replace("PORT", str(port)), cwd=ROOT, env=environment, stdout=number, stderr=number)
    found = Lab(port, process, folder / "log.txt", ended)
    try:
        until(lambda: healthy(f"http://127.0.0.1:{port}") or process.poll() is not None, "the lab answers")
        assert process.poll() is None, found.said()
        yield found
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0, found.said()
        process.close()
        assert "Traceback" not in found.said(), found.said()
