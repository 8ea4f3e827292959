"""Open files, of which every visitor's connections are some: as many as may be, and a sentence where there are no more."""

import asyncio
import errno
import time
from contextlib import suppress
from typing import Any

MANY = 65_536  # what the lab asks for; systems often begin with 256 or 1024
SELDOM = 60.0  # seconds between two sentences
NO_MORE = (
    "Nobody new can be let in just now: this process has as many files and connections open as the system allows. It goes on "
    "by itself as soon as visitors leave; allow more with ulimit -n before the start (LimitNOFILE of systemd)."
)


def allow_many() -> None:
    """Let this process open as many as the system grants, up to MANY; nothing happens where that cannot be."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MANY if hard == resource.RLIM_INFINITY else min(hard, MANY)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def say_when_there_are_no_more(loop: asyncio.AbstractEventLoop) -> None:
    """In place of a traceback for each visitor who cannot be let in, of which there may be hundreds a second."""
    last = -SELDOM

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal last
        if getattr(context.get("exception"), "errno", None) not in (errno.EMFILE, errno.ENFILE):
            loop.default_exception_handler(context)
        elif time.monotonic() - last >= SELDOM:
            last = time.monotonic()
            print(NO_MORE, flush=True)

    loop.set_exception_handler(handle)
