"""The lab as a process of its own: how it is started and ended, and what it holds of the machine (Linux)."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
UP = 120.0  # seconds in which it has to answer
CLEAN = 30.0  # seconds in which it has to end when it is asked to
GONE = 2  # seconds after which the server lets go of a visitor who has left, at the next visit; two minutes by itself


class Held(NamedTuple):
    """What a process holds at a moment."""

    memory: float  # MB, resident
    files: int  # descriptors
    threads: int


class Lab:
    """A shared lab on a folder of runs, one life after the other on one port."""

    def __init__(self, folder: Path):
        """`folder`: of the soak; runs, and what the server says, are below it."""
        self.runs, self.log = folder / "runs", folder / "log.txt"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.host = f"localhost:{probe.getsockname()[1]}"
        self._process: subprocess.Popen | None = None

    def start(self) -> float:
        """Begin a life; the seconds until it answers. Raises RuntimeError if it does not."""
        began = time.monotonic()
        command = [sys.executable, "-m", "dfa_lab", "ui", "--no-browser", "--shared", "--runs", str(self.runs)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "passive"}
        environment["DFA_LAB_RESTARTS"] = "0"  # it is this soak that starts it again
        environment["STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL"] = str(GONE)  # so that a rest need not last minutes
        with self.log.open("a") as said:
            self._process = subprocess.Popen(
                [*command, "--port", self.host.rpartition(":")[2]], cwd=ROOT, env=environment, stdout=said, stderr=said
            )
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() - began > UP:
                raise RuntimeError(f"the lab does not start; {self.log} ends with {self.log.read_text()[-1000:]}")
            time.sleep(0.05)
        return time.monotonic() - began

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.host}/_stcore/health", timeout=2):
                return True
        except OSError:
            return False

    def send(self, number: int) -> None:
        """Send it a signal."""
        if self._process is not None:
            self._process.send_signal(number)

    def wait(self) -> int:
        """Its exit status, after at most CLEAN seconds: then it is killed."""
        assert self._process is not None
        try:
            return self._process.wait(CLEAN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait() - 1000  # like no other

    def end(self) -> None:
        """Kill what is left."""
        if self._process is not None and self._process.poll() is None:
            self.send(signal.SIGKILL)
            self._process.wait()

    def held(self) -> Held:
        """What it holds now. Raises OSError where it has ended."""
        assert self._process is not None
        place = Path("/proc", str(self._process.pid))
        resident = int((place / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        return Held(resident, len(list((place / "fd").iterdir())), len(list((place / "task").iterdir())))

    def at_rest(self, seconds: float) -> Held:
        """The least that it holds within so many seconds: what is let go of goes a while after it was used."""
        over, found = time.monotonic() + seconds, [self.held()]
        while time.monotonic() < over:
            time.sleep(0.25)
            found.append(self.held())
        return Held(*(min(values) for values in zip(*found, strict=True)))

    def errors(self) -> list[str]:
        """The last lines of the tracebacks that it has written, of all lives."""
        lines, found = self.log.read_text(errors="replace").splitlines(), []
        for number, line in enumerate(lines):
            if line.lstrip().startswith("Traceback (most recent"):
                after = (one for one in lines[number + 1 :] if one and not one.startswith(" "))
                found.append(next(after, "a traceback without an end"))
        return found
