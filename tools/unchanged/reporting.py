"""What a comparison prints: differences by metric or by experiment, the largest ones of each, and a verdict."""

import math
from collections import defaultdict
from typing import Any

from comparing import Comparison, Difference

SHOWN = 3  # differences of a metric or an experiment that are shown, the largest ones


def short(value: Any, other: Any) -> str:
    """A value in at most 60 characters; of a long text the first line that `other` has otherwise."""
    if isinstance(value, str) and isinstance(other, str) and len(value) > 60:
        lines, others = value.splitlines(), other.splitlines()
        value = next((line for number, line in enumerate(lines) if others[number : number + 1] != [line]), "(more lines)")
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def line(one: Difference) -> str:
    """A difference as it is shown."""
    share = "" if one.share == math.inf else f", by {one.share:.1e} of it"
    return f"{one.experiment}, {one.where}: {short(one.before, one.after)} -> {short(one.after, one.before)}{share}"


def report(made: Comparison, may_differ: set[str], close: float) -> int:
    """Print what differs, records by metric and all else by experiment, and the verdict; how much differs that may not.
    Values of the metrics in `may_differ` may do so by the share `close` of themselves."""

    def allowed(one: Difference) -> bool:
        return one.metric in may_differ and one.share <= close

    wrong = 0
    for kind, differences in made.differences.items():
        groups: dict[str, list[Difference]] = defaultdict(list)
        for one in differences:
            groups[one.metric if kind == "records" else one.experiment].append(one)
        if groups:
            print(f"\n{kind} that differ, by {'metric' if kind == 'records' else 'experiment'}:")
        for name, group in groups.items():
            group.sort(key=lambda one: (allowed(one), -one.share))
            bad = sum(not allowed(one) for one in group)
            wrong += bad
            shares = [one.share for one in group if one.share < math.inf]
            largest = f", by at most {max(shares):.1e}" if shares else ""
            others = len(group) - len(shares)
            print(f"  {name}: {len(group):,}{largest}{f', {others:,} of them beyond comparison' if others else ''}", end="")
            print("" if bad else " (may differ)")
            for one in group[:SHOWN]:
                print(f"      {line(one)}")
    total = ", ".join(f"{made.counts[kind]:,} {kind}" for kind in ("experiments", "records", "tensors", "figures"))
    differing = sum(map(len, made.differences.values()))
    if wrong:
        print(f"\nCHANGED: {wrong:,} differences that may not be, in {total}.")
    elif differing:
        names = ", ".join(sorted(may_differ))
        print(f"\nUNCHANGED but for {names}: {differing:,} values differ, by at most {close:g} of themselves, in {total}.")
    else:
        print(f"\nUNCHANGED: {total} are the same to the last bit.")
    return wrong
