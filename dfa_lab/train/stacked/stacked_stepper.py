"""StackedStepper: a fleet of runs as a `Stepper`. What is not measured by hand is measured run by run, through autograd."""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import Self

from dfa_lab.measure.seen import Values
from dfa_lab.train.autograd.autograd_stepper import probe_run
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.before_fleet_step import BeforeFleet
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.probe_fleet import measurable, probe_fleet
from dfa_lab.train.stepper import Apart, Batches, Watched

# Samples of a probe batch on which all runs of a fleet are measured together, at most: it takes memory and a long turn.
MOST_AT_ONCE = 512


class StackedStepper:
    """A `Stepper` of one or several runs whose gradients are written down by hand."""

    by_hand = True

    def __init__(self, runs: Sequence[Run]):
        self.fleet = Fleet(runs)
        self._measurable = measurable(self.fleet)

    @property
    def runs(self) -> Sequence[Run]:
        return self.fleet.runs

    def step(self, batches: Batches, number: int, watched: Collection[str], apart: Apart) -> Watched:
        found: Watched = {}
        if watched:
            with apart():
                found = self._before(batches, number, watched)
        self.fleet.step(batches, number)
        return found

    def _before(self, batches: Batches, number: int, groups: Collection[str]) -> Watched:
        if self._measurable:
            before = BeforeFleet(self.fleet, batches, number, groups)
            return {id(run): partial(before.of, run) for run in self.runs}
        return {id(run): run.note(*batches[run.seed], number, groups).values for run in self.runs}

    def probe(self, probes: Batches, groups: Collection[str]) -> Iterator[list[tuple[Run, Values]]]:
        if self._measurable and self.runs[0].experiment.probe_size <= MOST_AT_ONCE:
            yield probe_fleet(self.fleet, probes, groups)
            return
        for run in self.runs:
            yield [(run, probe_run(run, probes, groups))]

    def like(self, runs: Sequence[Run]) -> Self:
        return type(self)(runs)
