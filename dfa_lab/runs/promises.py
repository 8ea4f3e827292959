"""Promises: memory is promised before it is used, to experiments as to replays, maps and imports, and each heeds the others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dfa_lab.machine import memory
from dfa_lab.machine.disk_room import human
from dfa_lab.runs.live import ACTIVE
from dfa_lab.runs.lives import Lives

SHARE = 0.9  # of the free memory that may be promised
NO_MEMORY = "it takes up to {}, and {} of memory are free"


class NoMemory(Exception):
    """There is none for it now; the text gives the figures, as the end of a sentence."""


class Promise:
    """Bytes that are kept for something until it is over."""

    def __init__(self, promises: "Promises", size: int):
        self._promises, self.size = promises, size

    def release(self) -> None:
        """Give them back; the second time, nothing."""
        self._promises.given.discard(self)


class Promises:
    """Every method may be called from any thread. What has taken its memory is free no more, and needs no promise."""

    def __init__(self, lives: Lives):
        self._lives = lives
        self.given: set[Promise] = set()  # to what is no experiment
        self.to_experiments: Callable[[], int] = lambda: 0  # bytes that those which begin have not taken yet

    def total(self) -> int:
        """Bytes that are promised to what is no experiment."""
        return sum(one.size for one in self.given.copy())

    def left(self) -> int:
        """Bytes that can be promised now."""
        with self._lives.lock:
            return max(0, round(SHARE * memory.free()) - self.total() - self.to_experiments())

    def promise(self, size: int) -> Promise:
        """Keep so many bytes. Raises NoMemory."""
        with self._lives.lock:  # which admission holds too while it looks and lets in
            if size > (left := self.left()):
                raise NoMemory(NO_MEMORY.format(human(size), human(left)))
            made = Promise(self, size)
            self.given.add(made)
            return made

    def more_may_come(self) -> bool:
        """Whether something holds memory here that will give it back one day."""
        return bool(self.given) or any(one.state in ACTIVE and not one.demo for one in self._lives.all())

    @contextmanager
    def kept(self, size: int) -> Iterator[None]:
        """`promise`, until what is inside is over."""
        made = self.promise(size)
        try:
            yield
        finally:
            made.release()
