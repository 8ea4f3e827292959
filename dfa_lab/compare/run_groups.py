"""Runs that are drawn as one: of one rule, in one experiment or in all that have the same value of a setting."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import pandas as pd

from dfa_lab.compare import table
from dfa_lab.feedback import rule_class
from dfa_lab.runs.store.stored import Stored
from dfa_lab.settings.experiment import RULES
from dfa_lab.settings.wording import in_words

DEMONSTRATION = "demonstration"
SHORT = {"num_layers": "layers", "num_hidden": "units"}  # names that fit beside a line
EXPERIMENT, RULE = "experiment", "rule"  # what runs may be grouped by besides the settings
MOST_TRIED = 8  # settings, of which names are made
# What leaves a run's initial weights and the order of its batches as they are.
HARMLESS = frozenset(
    "feedback_magnitude feedback_scales feedback_distribution feedback_density feedback_rank feedback_seed "
    "optimizer learning_rate learning_rate_decay halve_every decay_factor schedule warm_up weight_decay momentum "
    "dampening epochs threads probe_size measure_every measures".split()
)


class Member(NamedTuple):
    """One run of an experiment."""

    experiment: str  # id
    run: int  # number in it
    seed: int


@dataclass(frozen=True)
class Group:
    """Runs of one rule."""

    key: str  # id of the experiment, value of the setting, or nothing
    rule: str
    label: str  # what tells it from the other groups of its rule; may be empty
    members: tuple[Member, ...]
    alone: bool = False  # all groups are of this rule, so that it tells nothing

    @property
    def name(self) -> str:
        """What differs from the other groups, and nothing else."""
        return " · ".join(filter(None, [self.label, "" if self.label and self.alone else self.rule]))


def groups(
    found: Sequence[Stored], by: str = EXPERIMENT, rules: Collection[str] = (), seeds: Collection[int] = ()
) -> list[Group]:
    """The groups in the order of the rules, then of the experiments or values. `rules`, `seeds`: which; empty: all."""
    readable = [one for one in found if one.experiment]
    names = labels(readable, by)
    members: dict[tuple[str, str], list[Member]] = {}
    for one in readable:
        assert one.experiment
        for run, (rule, seed) in enumerate(one.experiment.runs()):
            if (not rules or rule in rules) and (not seeds or seed in seeds):
                members.setdefault((rule, key(one, by)), []).append(Member(one.id, run, seed))
    if by not in (EXPERIMENT, RULE):
        readable = sorted(readable, key=lambda one: table.sortable(key(one, by)))
    places = {place: n for n, place in enumerate(dict.fromkeys(key(one, by) for one in readable))}
    order = sorted(members, key=lambda place: (RULES.index(place[0]), places[place[1]]))
    alone = len({rule for rule, _ in order}) == 1
    return [Group(at, rule, names[at], tuple(members[rule, at]), alone) for rule, at in order]


def key(one: Stored, by: str) -> str:
    return one.id if by == EXPERIMENT else "" if by == RULE else table.setting(one, by)


def labels(found: Sequence[Stored], by: str = EXPERIMENT) -> dict[str, str]:
    """key -> what tells its runs from the others', in a few words: a name, or the settings that differ."""
    if by == RULE:
        return {"": ""}
    if by != EXPERIMENT:
        return {key(one, by): f"{words(by)} {key(one, by)}" for one in found}
    telling = _telling(found)
    made = {}
    for one in found:
        settings = ", ".join(f"{words(name)} {value}" for name in telling if (value := table.setting(one, name)))
        made[one.id] = one.name or settings or ((DEMONSTRATION if one.demo else one.id[:6]) if len(found) > 1 else "")
    several = {text for text in made.values() if list(made.values()).count(text) > 1}
    return {id: f"{text} ({id[:6]})" if text in several and text != id[:6] else text for id, text in made.items()}


def _telling(found: Sequence[Stored]) -> tuple[str, ...]:
    """The fewest settings, of three at most, that tell as many of these experiments apart as can be."""
    differ = table.differing(found)[:MOST_TRIED]
    some = [names for count in range(min(3, len(differ)) + 1) for names in combinations(differ, count)]
    return max(some, key=lambda names: (len({tuple(table.setting(one, name) for name in names) for one in found}), -len(names)))


def words(setting: str) -> str:
    """A setting's name beside a line."""
    return SHORT.get(setting) or in_words(setting)


def values(group: Group, measured: pd.DataFrame, column: str) -> dict[Member, float]:
    """Member -> what `measured` (with experiment, run and the column) has of it; NaN where it has a row without a value."""
    there = dict(zip(zip(measured["experiment"], measured["run"], strict=True), measured[column], strict=True))
    return {one: there[one.experiment, one.run] for one in group.members if (one.experiment, one.run) in there}


class Pairing(NamedTuple):
    """How the runs of two groups belong together."""

    of: Callable[[Member], Hashable]  # runs with the same belong together
    pair: bool  # whether any may
    from_the_same: bool  # whether those start from the same weights and see the same batches


def pairing(first: Group, second: Group, found: Mapping[str, Stored]) -> Pairing:
    """Pair by experiment and seed where both have runs of one experiment, else by seed where that is only once in each."""
    experiments = [{one.experiment for one in group.members} for group in (first, second)]
    if both := experiments[0] & experiments[1]:
        same = all(_start_alike(first.rule, second.rule, found[id]) for id in both)
        return Pairing(lambda one: (one.experiment, one.seed), True, same)
    seeds = [[one.seed for one in group.members] for group in (first, second)]
    if any(len(set(some)) < len(some) for some in seeds):
        return Pairing(lambda one: (one.experiment, one.seed), False, False)
    every = [found[id] for id in sorted(experiments[0] | experiments[1])]
    same = set(table.differing(every)) <= HARMLESS and all(_start_alike(first.rule, second.rule, one) for one in every)
    return Pairing(lambda one: one.seed, True, same)


def keyed(group: Group, measured: pd.DataFrame, column: str, how: Pairing) -> dict[Hashable, float]:
    """The values of a group by what says which runs belong together; see `values`."""
    return {how.of(one): value for one, value in values(group, measured, column).items()}


def _start_alike(first: str, second: str, one: Stored) -> bool:
    settings = one.experiment
    if settings is None:
        return False
    zero = rule_class(first).paper_starts_at_zero, rule_class(second).paper_starts_at_zero
    return zero[0] == zero[1] or not (settings.init == "paper" or settings.exact)
