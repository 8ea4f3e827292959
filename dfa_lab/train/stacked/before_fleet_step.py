"""The weights before a step of a fleet and the true gradients there, for the measures of a step; for measurable fleets."""

from collections.abc import Collection
from functools import partial

import torch
from torch import Tensor

from dfa_lab import measure
from dfa_lab.machine.memory_layout import product, sent
from dfa_lab.measure.seen import Stepped, Values
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.cuda_graph import Recorder
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stepper import Batches


class BeforeFleet:
    """Taken before the step; `of` gives what the measures find in it for a run, once it is made."""

    @torch.no_grad()
    def __init__(self, fleet: Fleet, batches: Batches, number: int, groups: Collection[str]):
        """`number`: steps done before it. No parameter, optimiser or random stream is changed."""
        self._fleet, self._kinds = fleet, measure.chosen(groups, around_steps=True)
        fleet.start_noise(number)
        if fleet.on_gpu and not fleet.draws:
            found = fleet.kept.setdefault("before", Recorder())(partial(_before, fleet), fleet.own(batches))
        else:
            found = _before(fleet, batches)
        self._W, self._slopes = found[: len(fleet.stages)], found[len(fleet.stages) :]
        self._found: dict[int, Values] | None = None

    def of(self, run: Run) -> Values:
        """What the measures find in the step of this run."""
        if self._found is None:
            self._found = self._values()
        return self._found[id(run)]

    @torch.no_grad()
    def _values(self) -> dict[int, Values]:
        fleet = self._fleet
        moved = [W.sub_(stage.layer.W) for W, stage in zip(self._W, fleet.stages, strict=True)]
        moved, slopes = ([fleet.with_runs(one) for one in some] for some in (moved, self._slopes))
        found = measure.of_step(self._kinds, Stepped(list(range(1, len(moved) + 1)), moved, slopes))
        values = measure.values(self._kinds, found, [(run.rule, run.network) for run in fleet.runs])
        return {id(run): own for run, own in zip(fleet.runs, values, strict=True)}


def _before(fleet: Fleet, batches: Batches) -> tuple[Tensor, ...]:
    """W of each layer, then ∂L/∂W by backpropagation through them."""
    x, t = fleet.inputs(batches)
    g = fleet.error(fleet.forward(x), t)
    gradients: list[Tensor] = []
    for number in range(len(fleet.stages), 0, -1):
        stage = fleet.stages[number - 1]
        for part in reversed(stage.after):
            g = part.backward(g)
        W = stage.layer.W
        gradients.append(product(g.mT, stage.layer.h).to(W.dtype))
        if number > 1:
            g = sent(g, W.to(g.dtype))
            for part in reversed(stage.before):
                g = part.backward(g)
    return *(stage.layer.W.clone() for stage in fleet.stages), *reversed(gradients)
