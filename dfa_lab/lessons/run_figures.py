"""The figures of one run of a lesson's experiment that the lesson speaks of: those of its claims, at the run's last step."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from dfa_lab.lessons import Step
from dfa_lab.lessons.claims import FIGURE, Figures
from dfa_lab.records import METRICS, Record
from dfa_lab.settings.experiment import Experiment

UNITS = {"degrees": (1, "{:.1f}°"), "fraction": (100, "{:.1f} %")}  # unit -> times what is stored, and how it is written


class RunFigure(NamedTuple):
    """One figure of one seed; `value` as it is written, a dash for a gap."""

    rule: str
    seed: int
    metric: str
    layer: str
    value: str


def spoken_of(step: Step) -> list[tuple[str, str, str]]:
    """(rule, metric, layer) that the step's claims name, each once, in their order; no layer: the whole network."""
    found = [match[:3] for claim in step.claims for match in re.findall(FIGURE, claim)]
    rules = step.experiment.rules
    return list(dict.fromkeys((rule, metric, layer) for rule, metric, layer in found if rule in rules and metric in METRICS))


def figures_of(step: Step, experiment: Experiment, records: Iterable[Record]) -> list[RunFigure]:
    """What was measured last of all that the step speaks of; what was not measured is left out."""
    figures = Figures()
    figures.add(experiment, records)
    found = []
    for rule, metric, layer in spoken_of(step):
        for seed in figures.seeds:
            if figures.has(rule, metric, layer, seed):
                value = figures.find((rule, metric, layer, None, None), seed)
                times, form = UNITS.get(METRICS[metric][0], (1, "{:.3g}"))
                written = "–" if value is None else form.format(times * value)
                found.append(RunFigure(rule, seed, metric, layer, written))
    return found
