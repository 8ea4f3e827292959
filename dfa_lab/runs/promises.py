"""Promises: memory is promised before it is used, to experiments as to replays, maps and imports, and each heeds the others.

That of this computer, and that of each NVIDIA GPU.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from dfa_lab.machine import gpu_memory, memory
from dfa_lab.machine.disk_room import human
from dfa_lab.runs.live import ACTIVE
from dfa_lab.runs.lives import Lives

SHARE = 0.9  # of the free memory that may be promised
NO_MEMORY = "it takes up to {}, and {} of memory are free"
NO_GPU_MEMORY = "it takes up to {} of the memory of {}, of which {} are free"


class NoMemory(Exception):
    """There is none for it now; the text gives the figures, as the end of a sentence."""


class Promise:
    """Bytes that are kept for something until it is over."""

    def __init__(self, promises: "Promises", size: int, gpu: torch.device | None = None, on_gpu: int = 0):
        """`on_gpu`: beside those of this computer's memory, of that GPU's."""
        self._promises, self.sizes = promises, {None: size} | ({gpu: on_gpu} if gpu else {})

    def release(self) -> None:
        """Give them back; the second time, nothing."""
        self._promises.given.discard(self)


class Promises:
    """Every method may be called from any thread. What has taken its memory is free no more, and needs no promise."""

    def __init__(self, lives: Lives):
        self._lives = lives
        self.given: set[Promise] = set()  # to what is no experiment
        # bytes of this computer's memory, or of a GPU's, that experiments which begin have not taken yet
        self.to_experiments: Callable[[torch.device | None], int] = lambda gpu: 0

    def total(self, gpu: torch.device | None = None) -> int:
        """Bytes of this computer's memory, or of a GPU's, that are promised to what is no experiment."""
        return sum(one.sizes.get(gpu, 0) for one in self.given.copy())

    def left(self, gpu: torch.device | None = None) -> int:
        """Bytes of this computer's memory, or of a GPU's, that can be promised now."""
        with self._lives.lock:
            free = gpu_memory.free(gpu) if gpu else memory.free()
            return max(0, round(SHARE * free) - self.total(gpu) - self.to_experiments(gpu))

    def why_not(self, size: int, gpu: torch.device | None = None, on_gpu: int = 0) -> str:
        """Empty where so many bytes can be promised now, else the figures, as the middle of a sentence."""
        if size > (left := self.left()):
            return NO_MEMORY.format(human(size), human(left))
        if gpu and on_gpu > (left := self.left(gpu)):
            return NO_GPU_MEMORY.format(human(on_gpu), gpu, human(left))
        return ""

    def promise(self, size: int, gpu: torch.device | None = None, on_gpu: int = 0) -> Promise:
        """Keep so many bytes of this computer's memory, and of a GPU's. Raises NoMemory."""
        with self._lives.lock:  # which admission holds too while it looks and lets in
            if why := self.why_not(size, gpu, on_gpu):
                raise NoMemory(why)
            made = Promise(self, size, gpu, on_gpu)
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
