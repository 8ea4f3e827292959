"""The courses of several runs as one: on a common grid, smoothed, with the spread over the runs, seen without outliers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

OUTER = 0.02  # share of the values that is left out at either end where outliers are ignored
ROOM = 0.06  # of the height, above and below


class Course(NamedTuple):
    """One run's values; arrays of one length n."""

    step: np.ndarray  # not falling
    x: np.ndarray  # what it is drawn over: steps, epochs, samples or seconds; not falling
    y: np.ndarray  # NaN where it is not defined


class Band(NamedTuple):
    """Several runs as one; arrays of one length."""

    x: np.ndarray  # rising
    middle: np.ndarray  # mean over the runs; NaN where not every run has a value
    low: np.ndarray  # as middle
    high: np.ndarray
    runs: int


def spacing(courses: Sequence[Course]) -> float:
    """The mean number of steps between two values of the densest of these courses; 1 where none has two."""
    dense = [(c.step[-1] - c.step[0]) / (len(c.step) - 1) for c in courses if len(c.step) > 1]
    return float(min((one for one in dense if one > 0), default=1.0))


def smoothed(course: Course, weight: float, spacing: float) -> Course:
    """Exponential moving average without the pull of a starting value, as the live charts have it; gaps stay gaps.

    `weight` in [0, 1) is that of a value `spacing` steps back: rare values are smoothed over the same stretch as others.
    """
    if not weight or not len(course.y):
        return course
    total, share, before = 0.0, 1.0, course.step[0] - spacing
    made = np.full(len(course.y), np.nan)
    for i, (step, value) in enumerate(zip(course.step.tolist(), course.y.tolist(), strict=True)):
        if value - value != 0:  # NaN or infinite
            continue
        kept = weight ** ((step - before) / spacing)
        total, share, before = kept * total + (1 - kept) * value, share * kept, step
        made[i] = total / (1 - share) if share < 1 else value
    return course._replace(y=made)


def on_grid(courses: Sequence[Course]) -> tuple[np.ndarray, np.ndarray]:
    """(x (G,), values (runs, G)): every x at which one of the courses was measured, and all of them there.

    Between two values that follow each other it is the straight line; NaN beyond a course's ends and beside its gaps,
    which is what infinite values count as. Nothing is guessed where nothing was measured.
    """
    clean = [_each_x_once(course) for course in courses]
    if not clean:
        return np.zeros(0), np.zeros((0, 0))
    grid = np.unique(np.concatenate([x for x, _ in clean]))
    rows = [np.interp(grid, x, y, left=np.nan, right=np.nan) if len(x) else np.full(len(grid), np.nan) for x, y in clean]
    return grid, np.stack(rows)


def _each_x_once(course: Course) -> tuple[np.ndarray, np.ndarray]:
    """The last value of each x, in rising order."""
    y = np.where(np.isfinite(course.y), course.y, np.nan)
    order = np.argsort(course.x, kind="stable")
    x = course.x[order].astype(float)
    last = np.append(x[1:] != x[:-1], True) if len(x) else np.zeros(0, bool)
    return x[last], y[order][last]


def band(courses: Sequence[Course], extremes: bool = False) -> Band:
    """Mean ± standard deviation (n - 1) of the runs, or from the smallest to the largest; a single run has no width.

    Only where every run has a value: a mean over those that are left would hide that one has ended or diverged.
    """
    grid, values = on_grid(courses)
    if not len(grid):
        return Band(grid, grid, grid, grid, len(courses))
    middle = values.mean(0)
    if extremes:
        return Band(grid, middle, values.min(0), values.max(0), len(values))
    width = values.std(0, ddof=1) if len(values) > 1 else np.where(np.isnan(middle), np.nan, 0.0)
    return Band(grid, middle, middle - width, middle + width, len(values))


def without_outliers(values: np.ndarray, logarithmic: bool = False) -> tuple[float, float, int] | None:
    """(lowest, highest, how many lie outside): an axis for all but the outermost values; None where all are as near.

    Values that are not finite, or not above 0 on a logarithmic axis, count nowhere.
    """
    there = values[np.isfinite(values) & ((values > 0) | (not logarithmic))]
    if not len(there):
        return None
    seen = np.log10(there) if logarithmic else there
    low, high = np.quantile(seen, [OUTER, 1 - OUTER])
    room = ROOM * (high - low) or ROOM * max(abs(high), 1e-12)
    low, high = low - room, high + room
    if not logarithmic and there.min() >= 0:
        low = max(low, 0.0 if low < room else low)
    outside = int(((seen < low) | (seen > high)).sum())
    if not outside:
        return None
    return (float(10**low), float(10**high), outside) if logarithmic else (float(low), float(high), outside)
