"""AutogradStepper: the reference of all steps, one run through torch's automatic differentiation."""

from collections.abc import Collection, Iterator, Sequence
from typing import Self

from dfa_lab.measure.seen import Values
from dfa_lab.train.autograd.probe import probe
from dfa_lab.train.run import Run
from dfa_lab.train.stepper import Apart, Batches, Watched


class AutogradStepper:
    """A `Stepper` of one run."""

    by_hand = False

    def __init__(self, run: Run):
        self._run = run

    @property
    def runs(self) -> Sequence[Run]:
        return [self._run]

    def step(self, batches: Batches, number: int, watched: Collection[str], apart: Apart) -> Watched:
        before = self._run.step(*batches[self._run.seed], number, watched, apart)
        return {} if before is None else {id(self._run): before.values}

    def probe(self, probes: Batches, groups: Collection[str]) -> Iterator[list[tuple[Run, Values]]]:
        yield [(self._run, probe_run(self._run, probes, groups))]

    def like(self, runs: Sequence[Run]) -> Self:
        (run,) = runs
        return type(self)(run)


def probe_run(run: Run, probes: Batches, groups: Collection[str]) -> Values:
    """`probe` of a run in evaluation mode, on the batch of its seed."""
    run.network.mode(training=False)
    return probe(run.rule, run.network, run.criterion, *probes[run.seed], groups)
