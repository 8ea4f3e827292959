"""The claims of a lesson's step, checked against what its experiment measured, seed by seed.

    dfa test_error < 0.1
    dfa signal_angle in layer 1 after 10 epochs < 60
    bp test_error < dfa test_error + 0.02
    dfa train_loss < dfa train_loss after 10 epochs * 0.4
    fa signal_angle in layer 1 at step 0 is missing
    usually dfa signal_angle in layer 4 > 90
    mean dfa test_error = 0.08 ± 0.01
    largest dfa signal_angle in layer 2 after any epoch = 92 ± 0.5
    each dfa test_error = 0.0444 0.0389 0.0444 ± 0.001
    for 5 seeds dfa gradient_angle in layer 1 > 90

Without `at` or `after` a figure is the last one; it is missing where the chart has a gap. A training loss or error is that of
a whole epoch. A claim holds for every seed. One that begins with `usually` holds for three quarters of them at least, and the
lesson's words say so too. The `mean` of all seeds, their `spread` (the standard deviation, with n - 1), the `least` and the
`largest` value are claims on as many seeds as are spoken of, mostly twenty: those of few are others. So is `for 5 seeds`: for
so many it holds, and for the rest it does not. `each` has a figure for each seed, in their order.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from dfa_lab import registry
from dfa_lab.records import METRICS, Record
from dfa_lab.settings.experiment import MOST_RUNS, Experiment
from dfa_lab.settings.measure_settings import BEGIN, KINDS, NAMES
from dfa_lab.train.epoch_means import OF_BATCHES, EpochMeans
from dfa_lab.train.trainer import Trainer

USUALLY = 0.75  # share of the seeds
SELDOM = 10_000  # steps, more than any of these experiments has
FIGURE = r"(\w+) (\w+)(?: in layer (\d+))?(?: at step (\d+)| after (\d+) epochs)?"
COMPARISON = re.compile(rf"{FIGURE} ([<>]) (?:([\d.]+)|{FIGURE}(?: ([+*-]) ([\d.]+))?)")
MISSING = re.compile(rf"{FIGURE} is missing")
OF_ALL = re.compile(rf"(mean|spread|least|largest) {FIGURE}( after any epoch)? = ([\d.]+) ± ([\d.]+)")
EACH = re.compile(rf"each {FIGURE} = ([\d.]+(?: [\d.]+)*) ± ([\d.]+)")
COUNTED = re.compile(r"for (\d+) seeds ")
SUMMARY = {"mean": fmean, "spread": stdev, "least": min, "largest": max}


class ClaimError(ValueError):
    """What is no claim, or speaks of a figure that nobody measured."""


@dataclass(frozen=True)
class Finding:
    """What became of a claim. `values`: its first figure by seed, None for a gap; `against`: the seeds it fails for."""

    claim: str
    values: dict[int, float | None]
    against: tuple[int, ...]
    holds: bool
    figures: str  # the values that speak against it, in words


class Figures:
    """Looks figures up in the records of one experiment, or of several with the same settings and other seeds."""

    def __init__(self) -> None:
        self.seeds: list[int] = []
        self._series: dict[tuple[str | None, int, str | None, int | None], list[Record]] = defaultdict(list)

    def add(self, experiment: Experiment, records: Iterable[Record]) -> None:
        """The records of one experiment, in the order of its trainer; no seed may come twice."""
        self.seeds += experiment.seeds
        runs = experiment.runs()
        means: dict[tuple[int, str], EpochMeans] = defaultdict(EpochMeans)
        for record in records:
            if record.metric in OF_BATCHES:
                if (mean := means[record.run, record.metric].ended(record)) is None:
                    continue
                record = record._replace(value=mean)
            self._series[*runs[record.run], record.metric, record.layer].append(record)

    def has(self, rule: str, metric: str, layer: str, seed: int) -> bool:
        """Whether this was measured at all; no `layer`: of the whole network."""
        return bool(self._measured((rule, metric, layer), seed))

    def find(self, words: tuple[str | None, ...], seed: int) -> float | None:
        """`words`: the groups of FIGURE. Raises ClaimError for what was never measured."""
        *_, step, epochs = words
        series = self._measured(words, seed)
        if step is not None:
            series = [one for one in series if one.step == int(step)]
        elif epochs is not None:
            series = [one for one in series if one.epoch <= int(epochs) + 1e-6]
        return self._some(series, words)[-1].value

    def after_epochs(self, words: tuple[str | None, ...], seed: int) -> list[float | None]:
        """What was measured at the end of each epoch, which step 0 is not. Raises ClaimError where nothing was."""
        ends = [one for one in self._measured(words, seed) if one.step and abs(one.epoch - round(one.epoch)) < 1e-6]
        return [one.value for one in self._some(ends, words)]

    def _measured(self, words: tuple[str | None, ...], seed: int) -> list[Record]:
        rule, metric, layer = words[:3]
        return self._series.get((rule, seed, metric, int(layer) if layer else None), [])

    def _some(self, series: list[Record], words: tuple[str | None, ...]) -> list[Record]:
        if not series:
            raise ClaimError(f"nothing like this is measured: {' '.join(word for word in words if word)}")
        return series


def judge(figures: Figures, claim: str) -> Finding:
    """Whether a claim holds for the seeds of `figures`. Raises ClaimError for words that are no claim."""
    if claim.startswith(tuple(f"{name} " for name in SUMMARY)):
        return _of_all(figures, claim)
    if claim.startswith("each "):
        return _each(figures, claim)
    usually, counted = claim.startswith("usually "), COUNTED.match(claim)
    plain = claim.removeprefix("usually ").removeprefix(counted[0] if counted else "")
    values, against = {}, {}
    for seed in figures.seeds:
        values[seed], contradiction = _contradiction(figures, plain, seed)
        if contradiction:
            against[seed] = f"seed {seed}: {contradiction}"
    holds = len(against) <= (1 - USUALLY) * len(values) if usually else not against
    if counted:
        holds = len(values) - len(against) == int(counted[1])
    return Finding(claim, values, tuple(against), holds, "; ".join(against.values()))


def broken(figures: Figures, claims: Iterable[str]) -> list[str]:
    """The claims that do not hold, each with its figures."""
    found = [judge(figures, claim) for claim in claims]
    return [f"{one.claim} ({one.figures})" for one in found if not one.holds]


def _contradiction(figures: Figures, claim: str, seed: int) -> tuple[float | None, str]:
    if match := MISSING.fullmatch(claim):
        value = figures.find(match.groups(), seed)
        return value, "" if value is None else f"{value:.3f}"
    match = COMPARISON.fullmatch(claim)
    if not match:
        raise ClaimError(f"not a claim: {claim}")
    *left, sign, number = match.groups()[:7]
    *right, operator, by = match.groups()[7:]
    low = figures.find(tuple(left), seed)
    high = float(number) if number else figures.find(tuple(right), seed)
    if low is None or high is None:
        raise ClaimError(f"there is a gap where a figure is claimed: {claim}")
    if operator:
        high = high * float(by) if operator == "*" else high + float(operator + by)
    return low, "" if (low < high if sign == "<" else low > high) else f"{low:.3f} and {high:.3f}"


def _of_all(figures: Figures, claim: str) -> Finding:
    match = OF_ALL.fullmatch(claim)
    if not match or (match[7] and (match[1] not in ("least", "largest") or match[5] or match[6])):
        raise ClaimError(f"not a claim: {claim}")
    summary, words, any_epoch = match[1], match.groups()[1:6], match[7]
    values: dict[int, float | None] = {}
    for seed in figures.seeds:
        some = figures.after_epochs(words, seed) if any_epoch else [figures.find(words, seed)]
        known = [value for value in some if value is not None]
        if len(known) < len(some):
            raise ClaimError(f"there is a gap where a figure is claimed: {claim}")
        values[seed] = SUMMARY[summary](known) if any_epoch else known[0]
    if summary == "spread" and len(values) < 2:
        raise ClaimError(f"one seed has no spread: {claim}")
    found = SUMMARY[summary]([value for value in values.values() if value is not None])
    holds = abs(found - float(match[8])) <= float(match[9])
    return Finding(claim, values, () if holds else tuple(values), holds, "" if holds else f"{found:.4f}")


def _each(figures: Figures, claim: str) -> Finding:
    match = EACH.fullmatch(claim)
    wanted = [float(one) for one in match[6].split()] if match else []
    if not match or len(wanted) != len(figures.seeds):
        raise ClaimError(f"not a claim, or not with a figure for each seed: {claim}")
    values = {seed: figures.find(match.groups()[:5], seed) for seed in figures.seeds}
    far = [
        (seed, value)
        for (seed, value), said in zip(values.items(), wanted, strict=True)
        if value is None or abs(value - said) > float(match[7])
    ]
    words = [f"seed {seed}: {'a gap' if value is None else f'{value:.4f}'}" for seed, value in far]
    return Finding(claim, values, tuple(seed for seed, _ in far), not far, "; ".join(words))


def measured(experiment: Experiment, seeds: Sequence[int], claims: Iterable[str]) -> Figures:
    """Train the rules that the claims name, on the CPU, with as many of the seeds at once as one experiment may have.

    Besides step 0 the measures are taken after every epoch, and no oftener.
    """
    words = {word for claim in claims for word in claim.split()}
    rules = tuple(rule for rule in experiment.rules if rule in words)
    metrics = words & METRICS.keys()
    figures, at_once = Figures(), MOST_RUNS // len(rules)
    for first in range(0, len(seeds), at_once):
        quick = {"device": "cpu", "measure_every": SELDOM, "rules": rules, "measures": _measures(metrics)}
        some = experiment.model_copy(update=quick | {"seeds": tuple(seeds[first : first + at_once])})
        figures.add(some, (record for batch in Trainer(some) for record in batch if record.metric in metrics))
    return figures


def _measures(metrics: set[str]) -> tuple[str, ...]:
    """Which measures give these figures, and no others; a cheap one where none does, as the setting wants one."""
    kinds = [kind for kind, given in registry.declared(KINDS, "METRICS").items() if not metrics.isdisjoint(given)]
    return tuple(dict.fromkeys(BEGIN.get(kind, NAMES[kind]) for kind in kinds)) or ("units",)
