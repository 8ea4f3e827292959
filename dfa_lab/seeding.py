"""One seed, many independent streams: what is drawn for one purpose never shifts what is drawn for another."""

import hashlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.random import mtrand


def generator(seed: int, *purpose: object) -> torch.Generator:
    """A CPU generator for (seed, purpose). The same on every device, in every process and for every rule.

    Nothing else has to be saved to draw the same numbers again: the order of epoch 7 depends on (seed, "batches", 7) alone.
    """
    return torch.Generator().manual_seed(number(seed, *purpose))


def number(seed: int, *purpose: object) -> int:
    """What `generator` is seeded with; 63 bits."""
    key = "/".join(map(str, (seed, *purpose))).encode()
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest()) >> 1


_turn = threading.RLock()  # what is drawn without a generator is drawn from one that all threads share
_spare: list[np.random.MT19937] = []  # to be swapped in: to copy numpy's state takes longer than all else here


@contextmanager
def governed(drawn: int, device: torch.device | None = None) -> Iterator[None]:
    """Inside, what torch, numpy and Python draw without a generator of their own is a function of the number `drawn`.

    On the CPU and on `device`. Outside it goes on as if nothing had been drawn, but that numpy forgets the second of a pair
    of normal numbers. Other threads that come here wait; a network that makes itself a generator without a seed is not
    governed.
    """
    gpu = torch.cuda.default_generators[device.index or 0] if device is not None and device.type == "cuda" else None
    with _turn:
        generators = [torch.default_generator, *([gpu] if gpu is not None else [])]
        states, python, numpys = [one.get_state() for one in generators], random.getstate(), mtrand.get_bit_generator()
        own = _spare.pop() if _spare else np.random.MT19937()
        for one in generators:
            one.manual_seed(drawn)
        random.seed(drawn)
        mtrand.set_bit_generator(own)
        np.random.seed(drawn & 0xFFFFFFFF)
        try:
            yield
        finally:
            for one, state in zip(generators, states, strict=True):
                one.set_state(state)
            random.setstate(python)
            mtrand.set_bit_generator(numpys)
            _spare.append(own)
