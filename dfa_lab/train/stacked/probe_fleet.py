"""What a whole fleet hands to the measures on its probe batches, found by hand; on a GPU as a graph.

Only for dense networks without batch norm, which is another function in evaluation; the others are measured one by one.
One pass forward serves the rules and the truth. Shapes: R runs, N samples of the probe batch, n_l units of block l.
"""

from collections.abc import Collection, Sequence
from functools import partial

import torch
from torch import Tensor

from dfa_lab import measure
from dfa_lab.machine.memory_layout import in_columns, sent
from dfa_lab.measure import separation
from dfa_lab.measure.seen import Columns, Feedback, Name, Probed, Values
from dfa_lab.networks.criterion import precise_error
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.cuda_graph import Recorder
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.parts import Activation, Dense, Flatten, Mask, Part
from dfa_lab.train.stepper import Batches


def measurable(fleet: Fleet) -> bool:
    """Whether the networks of this fleet are known here, and their hidden blocks are sent something."""
    first, *others = fleet.stages
    before = all(isinstance(part, Flatten) for stage in others for part in stage.before)
    rest = (part for parts in (first.before, *(stage.after for stage in fleet.stages)) for part in parts)
    known = all(isinstance(part, (Flatten, Activation, Mask)) for part in rest)
    return fleet.learns and before and known and not any(stage.layer.maps for stage in fleet.stages)


def probe_fleet(fleet: Fleet, probes: Batches, groups: Collection[str]) -> list[tuple[Run, Values]]:
    """What the groups find of every run on the batch of its seed, in evaluation. Parameters and optimisers are left alone."""
    wanted = frozenset(groups)
    with fleet.unrounded():
        return fleet.kept.setdefault(wanted, _Probing(wanted))(fleet, probes)


class _Probing:
    """The same groups of measures of the same fleet, again and again; it is named at every call, as in `Recorder`."""

    def __init__(self, groups: frozenset[str]):
        self._kinds = measure.chosen(groups)
        self._needs = measure.needs(self._kinds)
        self._names: list[Name] = []  # of what a graph gives
        self._parts: list[int] = []  # how many tensors each of the later measures wants
        self._recorded = Recorder()

    @torch.no_grad()
    def __call__(self, fleet: Fleet, probes: Batches) -> list[tuple[Run, Values]]:
        compute = partial(self._compute, fleet)
        values, *left = self._recorded(compute, fleet.own(probes)) if fleet.on_gpu else compute(probes)
        rest = iter(left)
        late = [[next(rest) for _ in range(count)] for count in self._parts]
        found = measure.finish(self._kinds, Columns(self._names, values), late)
        rows = measure.values(self._kinds, found, [(run.rule, run.network) for run in fleet.runs])
        return list(zip(fleet.runs, rows, strict=True))

    def _compute(self, fleet: Fleet, probes: Batches) -> tuple[Tensor, ...]:
        """(R, names) values in float64, and what the later measures want, which no graph can do."""
        found, late = measure.ready(self._kinds, probed(fleet, probes, self._needs))
        self._names, self._parts = found.names, [len(tensors) for tensors in late]
        return found.values, *(tensor for tensors in late for tensor in tensors)


def probed(fleet: Fleet, probes: Batches, needs: Collection[str]) -> Probed:
    """What measures with these `needs` are functions of."""
    seen = Probed(len(fleet.runs), list(fleet.runs[0].network.blocks))
    x, t = fleet.inputs(probes)
    if "signals" in needs:
        _signals(seen, fleet, x, t, "alike" in needs)
    elif "hidden" in needs:
        seen.hidden = [fleet.with_runs(h) for h in forward(fleet, x)[:-1]]
    if "feedback" in needs:
        seen.feedback = _feedback(fleet)
    return seen


def forward(fleet: Fleet, x: Tensor) -> list[Tensor]:
    """h_1 … h_L and the logits, in evaluation."""
    hs: list[Tensor] = []
    for stage in fleet.stages:
        for part in (*evaluated(stage.before), stage.layer, *evaluated(stage.after)):
            x = part.forward(x)
        hs.append(x)
    return hs


def evaluated(parts: Sequence[Part]) -> list[Part]:
    """The parts that do something in evaluation too."""
    return [part for part in parts if not isinstance(part, Mask)]


def _signals(seen: Probed, fleet: Fleet, x: Tensor, t: Tensor, alike: bool) -> None:
    """Fill in `hidden`, `signals`, `gradients`, `layers` and, if asked for, `alike`."""
    several = len(fleet.runs) > 1
    *hs, y = forward(fleet, x)
    e = in_columns(precise_error(fleet.criterion, y, t))
    true = in_columns(e.clone())  # ∂L/∂h of each stage, then ∂L/∂a, by W everywhere
    # The same for the rule, but not for bp, whose runs come first: what that sends is the truth, which is found once.
    others = slice(fleet.by_weights, None) if several else slice(None)
    rule = None if fleet.by_weights == len(fleet.runs) else in_columns(e[others].clone())
    for number in range(len(fleet.stages), 0, -1):
        stage = fleet.stages[number - 1]
        assert isinstance(stage.layer, Dense)
        for part in reversed(evaluated(stage.after)):
            true = part.backward(true)
            if rule is not None:
                rule = part.backward(rule, others) if isinstance(part, Activation) else part.backward(rule)
        h, sent_back = fleet.with_runs(stage.layer.h), None if rule is None else fleet.with_runs(rule)
        seen.gradients.append(separation.of_products(h, sent_back, fleet.with_runs(true)))
        if number > 1:
            true = sent(true, stage.layer.W)
            g = sent_back  # of the layer above
            rule = None if rule is None else fleet.signals(number, rule, e[others], fleet.by_weights)
            sent_back = None if rule is None else fleet.with_runs(rule)
            seen.signals.append(separation.of_signals(sent_back, fleet.with_runs(true)))
            if alike:
                seen.alike.append(_agreement(fleet, sent_back, fleet.with_runs(true), g, fleet.with_runs(e)))
    for found in (seen.gradients, seen.signals, seen.alike):
        found.reverse()
    seen.layers = list(range(1, len(fleet.stages) + 1))
    seen.hidden = [fleet.with_runs(h) for h in hs]


def _agreement(fleet: Fleet, rule: Tensor | None, true: Tensor, g: Tensor | None, e: Tensor) -> Tensor:
    """(R,), NaN for the runs under bp, which come first. `rule` and g, what a chain rule's B makes it of, are of the others."""
    found = true.new_full((len(true),), torch.nan, dtype=torch.float64)
    if rule is None or g is None:
        return found
    known, first = fleet.runs[-1].rule.independent_entries, fleet.by_weights
    for of, source in ((fleet.through_feedback, g), (fleet.direct, e[first:])):
        own = slice(of.start - first, of.stop - first)
        if of.start < of.stop:
            found[of] = separation.agreement(rule[own], true[of], source[own] if known else None)
    return found


def _feedback(fleet: Fleet) -> list[Feedback]:
    """B beside what stands in its place under bp, of the runs that have it in their layers and of those that project."""
    Ws = [fleet.with_runs(stage.layer.W) for stage in fleet.stages]
    blocks, found = range(1, len(Ws)), []
    if fleet.transports:
        of = fleet.through_feedback
        found.append(Feedback(of, {block: (Ws[block][of], fleet.transports[block + 1]) for block in blocks}))
    if fleet.projections:
        of = fleet.direct
        pairs = {
            block: (path, fleet.projections[block]) for block, path in separation.paths([W[of] for W in Ws]) if path is not None
        }
        found.append(Feedback(of, {block: pairs[block] for block in blocks}))
    return found
