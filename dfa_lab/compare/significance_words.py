"""A difference between two groups of runs in words that presuppose no statistics."""

from typing import NamedTuple

from dfa_lab.compare.significance import LEVEL, Difference

FEW = 5  # seeds that are worth judging by
LEVELS = ((0.001, "very unlikely to be chance"), (0.05, "unlikely to be chance"), (0.1, "perhaps chance"))


class Measured(NamedTuple):
    """What was compared."""

    first: str  # names of the groups
    second: str
    what: str  # "last test error"
    by: float = 1.0  # what a value is multiplied with to be said
    unit: str = ""  # of a value: " %", "°"
    points: str = ""  # of a difference: " percentage points", "°"


def said(found: Difference, of: Measured, *, alike: bool = False, p: float | None = None, of_several: int = 1) -> str:
    """The difference in one or more sentences.

    `alike`: partners start from the same weights and see the same batches; `p`: corrected for `of_several` comparisons.
    """
    if found.value is None:
        empty = " and ".join(name for name, mean in ((of.first, found.first), (of.second, found.second)) if mean is None)
        return f"{empty}: no run has a value of {of.what} yet.{_missing(found, of)}"
    sentences = [_difference(found, of, alike, found.p if p is None else p), _few(found)]
    if of_several > 1 and found.p is not None:
        sentences.append(f"p is corrected for {of_several} comparisons (Holm).")
    return " ".join(filter(None, [*sentences, _missing(found, of).strip(), _alone(found, of)]))


def number(value: float, of: Measured) -> str:
    """A value with its unit: 4.35 %."""
    return f"{_figure(value * of.by)}{of.unit}"


def _difference(found: Difference, of: Measured, alike: bool, p: float | None) -> str:
    value = found.value or 0.0
    over = _over(found, alike)
    if value == 0:
        return _equal(found, of, over, p)
    way, sign = ("higher", 1) if value >= 0 else ("lower", -1)
    much = f"{_figure(abs(value) * of.by)}{of.points}"
    head = f"The {of.what} of {of.first} is {much} {way} than that of {of.second}"
    if found.low is None or found.high is None:
        return f"{head}, {over}."
    if found.same:
        return f"{head}, exactly, {over}: by the exact test {_chance(found.exact)}."
    low, high = sorted((sign * found.low * of.by, sign * found.high * of.by))
    between = (
        f"{_figure(low)} to {_figure(high)}" if low >= 0 else f"from {_figure(-low)} {_other(way)} to {_figure(high)} {way}"
    )
    return f"{head}, {LEVEL:.0%} interval {between}, {over}: {_chance(p)}.".replace("95%", "95 %")


def _equal(found: Difference, of: Measured, over: str, p: float | None) -> str:
    """Say of means that do not differ that neither is higher."""
    if found.same or found.low is None or found.high is None:
        on_average = "" if found.same or max(found.runs) == 1 else "on average "
        return f"The {of.what} of {of.first} and that of {of.second} are {on_average}the same {over}."
    wide = f"{LEVEL:.0%} interval from {_figure(-found.low * of.by)} lower to {_figure(found.high * of.by)} higher"
    head = f"The {of.what} of {of.first} and that of {of.second} are on average the same"
    return f"{head}, {wide}, {over}: {_chance(p)}.".replace("95%", "95 %")


def _other(way: str) -> str:
    return "lower" if way == "higher" else "higher"


def _over(found: Difference, alike: bool) -> str:
    first, second = found.runs
    if not found.paired:
        count = f"{first} and {second} runs" if first != second else f"{first} {_runs(first)} each"
        return f"over {count}, not in pairs, as too few of their seeds match"
    if first == 1:
        return "with 1 seed"
    return f"over {first} seeds" + (", each trained from the same weights and batches" if alike else " in pairs")


def _runs(count: int) -> str:
    return "run" if count == 1 else "runs"


def _chance(p: float | None) -> str:
    if p is None:
        return "nothing can be said about chance"
    verdict = next((words for level, words in LEVELS if p < level), "it could well be chance")
    return f"{verdict} ({p_text(p)})"


def p_text(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _few(found: Difference) -> str:
    fewest = min(found.runs)
    if fewest == 1:
        return "With 1 seed nothing can be said about chance: train more seeds, five or so."
    if fewest < FEW:
        return f"{fewest} seeds are few to judge by: train more, five or so."
    return ""


def _missing(found: Difference, of: Measured) -> str:
    parts = [f"{n} of {of_name}" for n, of_name in zip(found.missing, (of.first, of.second), strict=True) if n]
    if not parts:
        return ""
    several = sum(found.missing) > 1
    return f" Left out, as {'they have' if several else 'it has'} no number there, perhaps diverged: {', '.join(parts)}."


def _alone(found: Difference, of: Measured) -> str:
    parts = [f"{n} of {of_name}" for n, of_name in zip(found.alone, (of.first, of.second), strict=True) if n]
    return f"Left out, without a partner of the same seed: {', '.join(parts)}." if parts else ""


def _figure(value: float) -> str:
    size = abs(value)
    return f"{value:.2f}" if 0.1 <= size < 1000 or value == 0 else f"{value:.3g}"
