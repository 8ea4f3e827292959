"""What measure/probe.py measures, of a whole fleet at once and by hand; on a GPU as a graph.

Only for dense networks without batch norm, which is another function in evaluation; the others are measured one by one.
Shapes: R runs, N samples of the probe batch, n_l units of block l.
"""

from collections.abc import Collection
from functools import partial

import torch
from torch import Tensor

from dfa_lab.measure.alignment import defined
from dfa_lab.measure.angles import degrees
from dfa_lab.measure.probe import Values
from dfa_lab.measure.units import STILL, limits, ranks_of, second_moments
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.cuda_graph import Batches, Recorder
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.parts import Activation, Flatten, Mask, product
from dfa_lab.train.stacked.signals import Names, angles, forward, separation, stacked


def measurable(fleet: Fleet) -> bool:
    """Whether the networks of this fleet are known here, and their hidden blocks are sent something."""
    first, *others = fleet.stages
    before = all(isinstance(part, Flatten) for stage in others for part in stage.before)
    rest = (part for parts in (first.before, *(stage.after for stage in fleet.stages)) for part in parts)
    known = all(isinstance(part, (Flatten, Activation, Mask)) for part in rest)
    return fleet.learns and before and known and not any(stage.layer.maps for stage in fleet.stages)


def probed(fleet: Fleet, probes: Batches, groups: Collection[str]) -> list[tuple[Run, Values]]:
    """Of every run on the batch of its seed, as in evaluation: without dropout. Parameters and optimisers are left alone."""
    wanted = frozenset(groups) - {"update"}
    with fleet.unrounded():
        return fleet.kept.setdefault(wanted, Probing(wanted))(fleet, probes)


class Probing:
    """The same groups of measures of the same fleet, again and again; it is named at every call, as in `Recorder`."""

    def __init__(self, groups: frozenset[str]):
        self._groups = groups
        self._names: Names = []
        self._recorded = Recorder()

    @torch.no_grad()
    def __call__(self, fleet: Fleet, probes: Batches) -> list[tuple[Run, Values]]:
        compute = partial(self._compute, fleet)
        rows, *grams = self._recorded(compute, fleet.own(probes)) if fleet.on_gpu else compute(probes)
        names = list(self._names)
        if grams:
            names += [("effective_rank", block) for block in range(1, len(grams) + 1)]
            rows = torch.cat([rows, *(ranks_of(of_runs).unsqueeze(1) for of_runs in grams)], 1)
        found = rows.tolist()  # one transfer from the device
        return [(run, self._values(run, names, row)) for run, row in zip(fleet.runs, found, strict=True)]

    def _compute(self, fleet: Fleet, probes: Batches) -> tuple[Tensor, ...]:
        """(R, names) values in float64 and, of each block, what its rank is to be found from, which no graph can do."""
        x, t = fleet.inputs(probes)
        names: Names = []
        columns = [x.new_zeros(len(fleet.runs), 0, dtype=torch.float64)]
        if "angles" in self._groups:
            hs, names, found = angles(fleet, x, t)
            columns.append(found)
        elif self._groups & {"units", "rank"}:
            hs = forward(fleet, x)[:-1]
            hs = hs if len(fleet.runs) > 1 else [h.unsqueeze(0) for h in hs]
        else:
            hs = []
        blocks = range(1, len(hs) + 1)
        if "feedback" in self._groups:
            names += [("feedback_angle", block) for block in range(1, len(fleet.stages))]
            columns.append(_feedback(fleet))
        if "units" in self._groups:
            names += [(metric, block) for metric in ("saturated", "dead") for block in blocks]
            ends = [limits(block) for block in fleet.runs[0].network.blocks]
            columns += [_saturated(h, one) for h, one in zip(hs, ends, strict=True)] + [_dead(h) for h in hs]
        self._names = names
        return torch.cat(columns, 1), *(_grams(h) for h in (hs if "rank" in self._groups else ()))

    def _values(self, run: Run, names: Names, row: list[float]) -> Values:
        found = dict(zip(names, map(defined, row), strict=True))
        if "feedback" in self._groups and not run.rule.matrices(run.network):
            found = {name: value for name, value in found.items() if name[0] != "feedback_angle"}
        return found


def _feedback(fleet: Fleet) -> Tensor:
    """(R, L) angles between B and what stands in its place under bp; 0 for runs without feedback. See feedback_weights.py."""
    Ws = [stage.layer.W if len(fleet.runs) > 1 else stage.layer.W.unsqueeze(0) for stage in fleet.stages]
    layers = len(Ws) - 1
    rows = Ws[0].new_zeros(len(fleet.runs), layers, dtype=torch.float64)
    if fleet.transports:
        of = fleet.through_feedback
        found = [separation(Ws[block][of], fleet.transports[block + 1]) for block in range(1, layers + 1)]
        rows[of] = degrees(stacked(found, -1))[:, :layers]
    if fleet.projections:
        of, found = fleet.direct, []
        path = Ws[-1][of]
        for block in range(layers, 0, -1):
            found.append(separation(path, fleet.projections[block]))
            path = product(path, Ws[block - 1][of]) if block > 1 else path
        rows[of] = degrees(stacked(found[::-1], -1))[:, :layers]
    return rows


def _saturated(h: Tensor, ends: tuple[float, float] | None) -> Tensor:
    """(R, 1) of h (R, N, n), as units.py has it; a share of equal parts is the same in whatever order they are counted."""
    if ends is None:
        return h.new_full((len(h), 1), torch.nan, dtype=torch.float64)
    middle, distance = ends
    return (h - middle).abs_().gt_(distance).mean((1, 2), dtype=torch.float64).unsqueeze(1)


def _grams(h: Tensor) -> Tensor:
    """(R, m, m), on a CPU of each run alone, so that its last digits are those of a run alone."""
    return torch.stack([second_moments(own) for own in h]) if h.device.type == "cpu" else second_moments(h)


def _dead(h: Tensor) -> Tensor:
    """(R, 1), likewise."""
    still = h.amax(1) - h.amin(1) <= STILL * h.abs().amax((1, 2)).unsqueeze(1)
    return still.double().mean(1, keepdim=True)
