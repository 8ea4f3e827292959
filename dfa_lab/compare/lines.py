"""The lines of a comparison: each group of runs as a mean with a band, or each of its runs alone, in few points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dfa_lab.compare.averaging import Band, Course, band, smoothed, spacing
from dfa_lab.compare.run_groups import Group, Member
from dfa_lab.runs.store.value_tables import thinned

AXES = ("step", "epoch", "samples", "seconds")
DEVIATION, EXTREMES, SINGLE = "deviation", "extremes", "single"
SPREADS = (DEVIATION, EXTREMES, SINGLE)
FULL = 20_000  # values of a run that are read: means are made of these, and only then thinned
EARLY = 0.95  # of what the longest run has: a mean that ends before is said to


@dataclass(frozen=True)
class Line:
    """One line of a chart: arrays of one length n; the ghost's have a length of their own."""

    group: int
    seed: int | None  # None: of all runs of the group
    x: np.ndarray
    y: np.ndarray  # NaN: a gap
    low: np.ndarray | None  # None: no band
    high: np.ndarray | None
    ghost_x: np.ndarray | None = None  # as measured, where y is smoothed
    ghost_y: np.ndarray | None = None
    runs: int = 1
    ends_early: bool = False  # some of its runs go on


def lines(groups: Sequence[Group], measured: pd.DataFrame, axis: str, spread: str, smoothing: float, points: int) -> list[Line]:
    """The lines of the curves of one metric (`Store.curves`), at most `points` each but for the ends of bands.

    Runs without a value are in none of them.
    """
    there = courses(measured, axis)
    every = spacing(list(there.values()))
    made = []
    for number, group in enumerate(groups):
        raw = {one: there[one] for one in map(_run, group.members) if one in there and np.isfinite(there[one].y).any()}
        if not raw:
            continue
        if spread == SINGLE:
            made += [
                _line(number, member.seed, [raw[_run(member)]], EXTREMES, smoothing, every, points)
                for member in group.members
                if _run(member) in raw
            ]
        else:
            made.append(_line(number, None, list(raw.values()), spread, smoothing, every, points))
    return made


def courses(measured: pd.DataFrame, axis: str) -> dict[tuple[str, int], Course]:
    """(experiment, run) -> its course."""
    columns = [measured[name].to_numpy() for name in ("step", axis, "value")]
    return {(str(id), int(run)): Course(*(column[rows] for column in columns)) for (id, run), rows in _rows(measured).items()}


def ends(measured: pd.DataFrame) -> pd.DataFrame:
    """A row for each run: experiment, run, its last value (NaN: not defined) and its best, the smallest, each with its step."""
    values, steps = measured["value"].to_numpy(), measured["step"].to_numpy()
    rows = []
    for (id, run), some in _rows(measured).items():
        best = some[np.where(np.isnan(values[some]), np.inf, values[some]).argmin()]
        rows.append((id, run, values[some[-1]], values[best], steps[some[-1]], steps[best]))
    return pd.DataFrame(rows, columns=["experiment", "run", "last", "best", "last_step", "best_step"])


def table(groups: Sequence[Group], made: Mapping[str, Sequence[Line]], axis: str) -> pd.DataFrame:
    """The lines as rows, for a file: panel, rule, what, seed, runs, the axis, value, low, high."""
    parts = []
    for panel, several in made.items():
        for line in several:
            group = groups[line.group]
            part = pd.DataFrame({axis: line.x, "value": line.y})
            part["low"], part["high"] = (line.y, line.y) if line.low is None else (line.low, line.high)
            seed = "" if line.seed is None else str(line.seed)
            for place, (name, text) in enumerate(
                {"panel": panel, "rule": group.rule, "group": group.label, "seed": seed, "runs": line.runs}.items()
            ):
                part.insert(place, name, text)
            parts.append(part)
    heads = ["panel", "rule", "group", "seed", "runs", axis, "value", "low", "high"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=heads)


def _rows(measured: pd.DataFrame) -> dict[Any, np.ndarray]:
    """(experiment, run) -> its rows, in their order."""
    return measured.groupby(["experiment", "run"], sort=False).indices


def _run(member: Member) -> tuple[str, int]:
    return member.experiment, member.run


def _line(
    group: int, seed: int | None, raw: Sequence[Course], spread: str, smoothing: float, every: float, points: int
) -> Line:
    shown = band([smoothed(course, smoothing, every) for course in raw], extremes=spread == EXTREMES)
    kept = _kept(shown, points)
    several = len(raw) > 1
    ghost = band(raw) if smoothing else None
    ghost_kept = thinned(ghost.x, ghost.middle, points) if ghost is not None else None
    there = shown.x[np.isfinite(shown.middle)]
    furthest = max(course.x[np.isfinite(course.y)].max() for course in raw)
    return Line(
        group,
        seed,
        shown.x[kept],
        shown.middle[kept],
        shown.low[kept] if several else None,
        shown.high[kept] if several else None,
        ghost.x[ghost_kept] if ghost is not None else None,
        ghost.middle[ghost_kept] if ghost is not None else None,
        len(raw),
        not len(there) or there[-1] < EARLY * furthest,
    )


def _kept(shown: Band, points: int) -> np.ndarray:
    kept = thinned(shown.x, shown.middle, points)
    if len(kept) == len(shown.x) or not np.isfinite(shown.middle).any():
        return kept
    return np.union1d(kept, [np.nanargmin(shown.low), np.nanargmax(shown.high)])
