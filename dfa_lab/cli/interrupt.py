"""Ctrl-C that comes between two things and not within one.

Python raises KeyboardInterrupt wherever the main thread is: also between the taking of a lock and its release, and then
whoever needs the lock waits for good.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def patient() -> Iterator[list[int]]:
    """Inside, the first Ctrl-C only fills the list, to be looked at where nothing is in hand; the second one interrupts."""
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)

    if threading.current_thread() is not threading.main_thread():  # only there Python lets signals be handled
        yield asked
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
