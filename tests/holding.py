"""Holding a training back, so that what a test does in its middle cannot come too late on a busy machine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dfa_lab.records import Record
from dfa_lab.train.trainer import Trainer


@contextmanager
def held(
    after: int, whose: Callable[[Trainer], bool] = lambda _: True, seconds: float = 0.5, thread: str = "train-"
) -> Iterator[None]:
    """Each step from number `after` on takes `seconds` more, until this is left; in threads whose names begin so.

    A training is not brought to a standstill: whoever ends it waits for the step in hand.
    """
    left, real = threading.Event(), Trainer.advance

    def advance(self: Trainer) -> list[Record]:
        if self.step >= after and self.between_steps and whose(self) and threading.current_thread().name.startswith(thread):
            left.wait(seconds)
        return real(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "advance", advance)
        try:
            yield
        finally:
            left.set()
