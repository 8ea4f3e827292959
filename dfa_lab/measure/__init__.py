"""Measures: `chosen` finds those that a setting names, each one file in kinds/; `found` asks them what they see.

A measure's file declares, as literals that settings and records read without importing it:

- NAME: its choice in the setting `measures`; ABOUT: what that is, for the help.
- METRICS: metric -> (unit, what it is). What `columns` gives bears these names. Units: degrees, ratio, fraction, directions;
  for another one the browser needs a scale (app/live/heat.js).
- DRAWN: key in links -> {name, metric}, for those that have a map and a curve on the page Angles; `spread`: metric of the
  band around it; `chance`: metric of the band around 90°; `whole`: there is a value of the whole network and of the readout.
- NEEDS: what it is a function of: "hidden", "signals" (with the weight gradients; "alike", which is expensive, with them) or
  "feedback" of a `Probed`, or "step", a `Stepped`.
- BEGINS: the choice that it comes with if it is none of its own; it is measured once, before the first step.
- PLACE: its place in lists, as a number; after the others without one.
- COST, COST_ON_GPU, if it is expensive: in training steps of the same run (train/plan.py).

and defines `columns(seen) -> Columns`. It may define `applies(rule, network)`; and `ready(seen)` with `finish(tensors)` in
place of a `columns` that a CUDA graph cannot record.
"""

from collections.abc import Collection, Sequence
from types import ModuleType

import torch
from torch import Tensor

from dfa_lab import registry
from dfa_lab.feedback import Rule
from dfa_lab.measure.seen import Columns, Probed, Stepped, Values, defined
from dfa_lab.networks import Network

KINDS = "dfa_lab.measure.kinds"
Kind = ModuleType


def chosen(groups: Collection[str], around_steps: bool = False) -> list[Kind]:
    """The measures that the names of the setting mean: on the probe batch or, `around_steps`, of a step."""
    kinds = [registry.load(KINDS, module) for module, name in registry.declared(KINDS, "NAME").items() if name in groups]
    return [kind for kind in kinds if ("step" in kind.NEEDS) is around_steps]


def needs(kinds: Sequence[Kind]) -> frozenset[str]:
    """What an engine has to find for them."""
    return frozenset(need for kind in kinds for need in kind.NEEDS)


def ready(kinds: Sequence[Kind], seen: Probed) -> tuple[Columns, list[list[Tensor]]]:
    """What they find in operations that a CUDA graph can record, and what the others `finish` from."""
    at_once = [kind.columns(seen) for kind in kinds if not hasattr(kind, "ready")]
    nothing = Columns([], torch.zeros(seen.runs, 0, dtype=torch.float64, device=_device(at_once, seen)))
    return Columns.joined([*at_once, nothing]), [kind.ready(seen) for kind in kinds if hasattr(kind, "ready")]


def finish(kinds: Sequence[Kind], found: Columns, left: Sequence[Sequence[Tensor]]) -> Columns:
    """All columns, of what `ready` gave."""
    late = [kind for kind in kinds if hasattr(kind, "ready")]
    return Columns.joined([found, *(kind.finish(tensors) for kind, tensors in zip(late, left, strict=True))])


def found(kinds: Sequence[Kind], seen: Probed) -> Columns:
    """What they find in the probe batch."""
    return finish(kinds, *ready(kinds, seen))


def of_step(kinds: Sequence[Kind], seen: Stepped) -> Columns:
    """What they find in a step."""
    return Columns.joined([kind.columns(seen) for kind in kinds])


def values(kinds: Sequence[Kind], columns: Columns, runs: Sequence[tuple[Rule, Network]]) -> list[Values]:
    """The values of each run, without what does not apply to its rule. One transfer from the device."""
    return [
        _of_run(kinds, columns, row, rule, network) for row, (rule, network) in zip(columns.values.tolist(), runs, strict=True)
    ]


def _of_run(kinds: Sequence[Kind], columns: Columns, row: Sequence[float], rule: Rule, network: Network) -> Values:
    foreign = {m for kind in kinds if hasattr(kind, "applies") and not kind.applies(rule, network) for m in kind.METRICS}
    named = zip(columns.names, row, strict=True)
    return {name: defined(value) for name, value in named if name[0] not in foreign}


def _device(found: Sequence[Columns], seen: Probed) -> torch.device | None:
    tensors = [*(one.values for one in found), *seen.hidden, *seen.gradients]
    return tensors[0].device if tensors else None
