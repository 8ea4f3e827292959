"""A lesson's claims, checked against what its experiment measured, for every seed.

    dfa test_error < 0.1
    dfa signal_angle in layer 1 after 10 epochs < 60
    bp test_error < dfa test_error + 0.02
    fa signal_angle in layer 1 at step 0 is missing

Without `at` or `after` a figure is the last one; it is missing where the chart has a gap.
"""

import re

from dfa_lab.records import Record
from dfa_lab.settings.experiment import Experiment

FIGURE = r"(\w+) (\w+)(?: in layer (\d+))?(?: at step (\d+)| after (\d+) epochs)?"
COMPARISON = re.compile(rf"{FIGURE} ([<>]) (?:([\d.]+)|{FIGURE}( [+-] [\d.]+)?)")
MISSING = re.compile(rf"{FIGURE} is missing")


def broken(experiment: Experiment, records: list[Record], claims: list[str]) -> list[str]:
    """Those that do not hold, each with its figures."""
    return [
        f"seed {seed}: {claim} ({found})"
        for claim in claims
        for seed in experiment.seeds
        if (found := _contradiction(experiment, records, claim, seed))
    ]


def _contradiction(experiment: Experiment, records: list[Record], claim: str, seed: int) -> str:
    def figure(rule: str, metric: str, layer: str | None, step: str | None, epochs: str | None) -> float | None:
        run = experiment.runs().index((rule, seed))
        place = int(layer) if layer else None
        series = [r for r in records if (r.run, r.metric, r.layer) == (run, metric, place)]
        assert series, f"nothing like this is measured: {claim}"
        if step is not None:
            (one,) = [r for r in series if r.step == int(step)]
            return one.value
        return [r for r in series if epochs is None or r.epoch <= int(epochs) + 1e-6][-1].value

    if match := MISSING.fullmatch(claim):
        value = figure(*match.groups())
        return "" if value is None else f"{value:.3f}"
    match = COMPARISON.fullmatch(claim)
    assert match, f"not a claim: {claim}"
    *left, sign, number = match.groups()[:7]
    *right, more = match.groups()[7:]
    low = figure(*left)
    high = float(number) if number else figure(*right)
    assert low is not None and high is not None, f"there is no such figure: {claim}"
    high += float(more.replace(" ", "")) if more else 0.0
    return "" if (low < high if sign == "<" else low > high) else f"{low:.3f} and {high:.3f}"
