"""Supervising: a light process beside the server starts that again where the system has killed it.

Experiments train in threads of the server. Where the kernel ends it for want of memory, or a library of machine code crashes,
all of them end; what was written down goes on in the next one. Nothing is imported here that takes memory.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn

from dfa_lab.machine.starvation import Starvation

VARIABLE = "DFA_LAB_RESTARTS"  # how often at most; 0: the server has no such process beside it
MOST, WITHIN = 5, 600.0  # times in so many seconds
FIRST = 0.5  # seconds until it is started again; each time twice as many
EVERY = 1.0  # seconds between two looks at the memory
CRASHES = ("SIGKILL", "SIGSEGV", "SIGBUS", "SIGABRT")
ENDING = ("SIGTERM", "SIGINT", "SIGHUP")
AGAIN = "DFA Lab: the server was ended by {}{}. It is started again (number {} of at most {} within {:.0f} minutes)."
TOO_OFTEN = (
    "DFA Lab: the server was ended by {}{}, {} times within {:.0f} minutes, and is not started again. What was recorded is "
    "kept. The system's log may say more; start the lab anew once the reason is gone."
)
STARVED = ", since the system had no memory left"


class Ended(NamedTuple):
    """How a server came to its end."""

    by: str  # name of a signal
    starved: bool  # for want of memory
    when: float  # time.time()


before: Ended | None = None  # the server that this process is in the place of; None for the first


def supervise() -> None:
    """Go on in a child of this process, and in another one where the system kills that. It returns in the children alone.

    This process passes on that it is to end, and ends as they do; and they are asked to end where it is gone. Call it before
    there are threads. Nothing happens where the system cannot divide a process, or where DFA_LAB_RESTARTS is 0.
    """
    if (most := allowed()) and hasattr(os, "fork"):
        _Supervisor(most).run()


def allowed() -> int:
    """How often within WITHIN the server may be started again."""
    said = os.environ.get(VARIABLE, "")
    return int(said) if said.isdecimal() else MOST


class _Supervisor:
    """Signals are noted by handlers, and end a wait on `_news`."""

    def __init__(self, most: int):
        self._most, self._asked, self._child = most, False, 0
        self._times: list[float] = []  # of starts after a crash, time.monotonic()
        self._news, self._told = os.pipe()
        self._here, self._held = os.pipe()  # read by the children: it ends with this process, which alone holds it
        os.set_blocking(self._told, False)
        os.set_blocking(self._news, False)
        self._handlers: dict[int, Any] = {}  # as they were

    def run(self) -> None:
        """Returns in a child; this process ends in it."""
        global before
        self._listen()
        while True:
            if self._begin():
                return
            code, starved = self._end()
            name = signal.Signals(-code).name if code < 0 else ""
            if self._asked or name not in CRASHES:
                _end_as(code, name)
            before = Ended(name, starved, time.time())
            why, now = STARVED * starved, time.monotonic()
            self._times = [one for one in self._times if now - one < WITHIN]
            if len(self._times) >= self._most:
                _say(TOO_OFTEN.format(name, why, len(self._times) + 1, WITHIN / 60))
                _end_as(code, name)
            pause = FIRST * 2 ** len(self._times)
            self._times.append(now)
            _say(AGAIN.format(name, why, len(self._times), self._most, WITHIN / 60))
            self._wait(lambda over=now + pause: self._asked or time.monotonic() >= over, FIRST)
            if self._asked:
                _end_as(0, "")

    def _listen(self) -> None:
        signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
        for name in ENDING:
            if signal.getsignal(number := getattr(signal, name)) is not signal.SIG_IGN:  # as after nohup
                self._handlers[number] = signal.signal(number, self._pass_on)
        self._handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)

    def _pass_on(self, number: int, _: object) -> None:
        """A terminal sends Ctrl+C to the child too: from here comes SIGTERM, which is the same but for a second Ctrl+C."""
        again, self._asked = self._asked, True
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGINT if again and number == signal.SIGINT else signal.SIGTERM)

    def _begin(self) -> bool:
        """Start a child; True in it."""
        sys.stdout.flush()
        sys.stderr.flush()
        signal.pthread_sigmask(signal.SIG_BLOCK, self._handlers)
        try:
            self._child = os.fork()
            if not self._child:
                self._become()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._handlers)
        return not self._child

    def _become(self) -> None:
        """What the child does first: it ends with this process, and its signals are its own."""
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if signal.SIGHUP in self._handlers:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)  # of a terminal that is closed; it hears SIGTERM instead
        for end in (self._news, self._told, self._held):
            os.close(end)
        threading.Thread(target=_end_with, args=(self._here,), name="supervised", daemon=True).start()

    def _end(self) -> tuple[int, bool]:
        """Wait until the child has ended: (its exit status, whether for want of memory)."""
        found, starvation = [], Starvation()

        def ended() -> bool:
            number, status = os.waitpid(self._child, os.WNOHANG)
            if number:
                found.append(status)
            else:
                starvation.look()
            return bool(number)

        self._wait(ended)
        self._child = 0
        code = os.waitstatus_to_exitcode(found[0])
        return code, code == -signal.SIGKILL and starvation.was()

    def _wait(self, over: Callable[[], bool], every: float = EVERY) -> None:
        """Until that is so: it is asked after so many seconds, and after each signal."""
        while not over():
            select.select([self._news], [], [], every)
            with suppress(BlockingIOError):
                os.read(self._news, 1024)


def _end_with(here: int) -> None:
    """Wait until nobody holds the other end of this pipe any more; then this process is asked to end."""
    os.read(here, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _end_as(code: int, name: str) -> NoReturn:
    """End this process as its child has ended; what is registered for the end of a program was that one's.

    After a crash with the status that a shell shows: this process has not crashed.
    """
    if name in CRASHES:
        code = 128 - code
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def _say(sentence: str) -> None:
    with suppress(OSError):  # a terminal that was closed
        print(sentence, file=sys.stderr, flush=True)
