"""Stepper: who makes the steps of one or several runs, and finds out what is measured of them.

Two implementations: `autograd/` is the reference, one run at a time; `stacked/` computes the same by hand, several runs of one
shape at once. The trainer and the evaluation know this protocol alone.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, Self

from torch import Tensor

from dfa_lab.measure.seen import Values
from dfa_lab.train.run import Run

Batches = Mapping[int, tuple[Tensor, Tensor]]  # seed -> x (N, …), t (N,)
Apart = Callable[[], AbstractContextManager]  # what is done inside is no part of a step, and of its time
Watched = dict[int, Callable[[], Values]]  # id of a run -> what measures find in the step that it has just made; to ask once


class Stepper(Protocol):
    """Runs that make their steps together. Between two steps they may be read, changed, saved and loaded."""

    by_hand: bool  # whether gradients are written down, whose last digits differ from those of autograd

    @property
    def runs(self) -> Sequence[Run]:
        """In an order of the stepper's own."""
        ...

    def step(self, batches: Batches, number: int, watched: Collection[str], apart: Apart) -> Watched:
        """One optimiser step of every run on the batch of its seed; `number`: steps done before it.

        `watched`: groups of measures that look at this step, if any; what they need is found inside `apart`.
        """
        ...

    def probe(self, probes: Batches, groups: Collection[str]) -> Iterator[list[tuple[Run, Values]]]:
        """What the groups of measures find on the probe batch of each run's seed, in turns of bearable length.

        Parameters, optimisers and random streams are left alone.
        """
        ...

    def like(self, runs: Sequence[Run]) -> Self:
        """Another such stepper, for copies of the runs."""
        ...


class Group(NamedTuple):
    """Runs of one experiment, by their numbers, and who makes their steps."""

    numbers: list[int]
    stepper: Stepper
