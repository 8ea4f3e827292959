"""Whether a difference between two groups of runs may be chance: paired over seeds where these match.

Nothing here presumes which of both is better. Values that are not finite, of runs that diverged, are left out and counted.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

K = TypeVar("K", bound=Hashable)

LEVEL = 0.95  # of intervals
EXACT = 10_000  # arrangements up to which all are tried; beyond, as many drawn at random
ROUNDING = 1e-12  # of a mean: a smaller difference is that of how sums are rounded, and is none
WILCOXON = 6  # pairs: with fewer its p cannot fall below 0.05


@dataclass(frozen=True)
class Difference:
    """First less second. What cannot be said is None."""

    first: float | None  # mean of the runs that count
    second: float | None
    runs: tuple[int, int]  # that count
    missing: tuple[int, int]  # without a finite value
    alone: tuple[int, int]  # that have a value but no partner, and do not count
    paired: bool
    low: float | None = None  # of the difference's 95 % interval
    high: float | None = None
    p: float | None = None  # of Student's t-test over the pairs, or of Welch's
    exact: float | None = None  # of all swaps of the pairs, or of all ways to deal the values into both groups
    wilcoxon: float | None = None  # over the pairs
    least: float | None = None  # what `exact` cannot fall below
    same: bool = False  # the difference is the same for every pair, or both groups have no spread at all

    @property
    def value(self) -> float | None:
        if self.first is None or self.second is None:
            return None
        return 0.0 if math.isclose(self.first, self.second, rel_tol=ROUNDING) else self.first - self.second


def compare(first: Mapping[K, float], second: Mapping[K, float], *, pair: bool = True) -> Difference:
    """The values of two groups by seed, or by whatever says which belong together.

    Paired over what both have where that is two or more and at least half of the larger group; `pair=False` never.
    """
    a, b = _finite(first), _finite(second)
    missing = len(first) - len(a), len(second) - len(b)
    common = [key for key in a if key in b]
    single = len(a) == len(b) == len(common) == 1
    if pair and (single or (len(common) > 1 and 2 * len(common) >= max(len(a), len(b)))):
        x, y = np.array([a[key] for key in common]), np.array([b[key] for key in common])
        return _paired(x, y, missing, (len(a) - len(common), len(b) - len(common)))
    return _apart(np.array(list(a.values())), np.array(list(b.values())), missing)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """p corrected for how many there are (Holm 1979), in the same order; None stays None and does not count."""
    places = sorted((i for i, p in enumerate(ps) if p is not None), key=lambda i: ps[i] or 0.0)
    made: list[float | None] = [None] * len(ps)
    highest = 0.0
    for rank, i in enumerate(places):
        highest = max(highest, min(1.0, (len(places) - rank) * (ps[i] or 0.0)))
        made[i] = highest
    return made


def _finite(values: Mapping[K, float]) -> dict[K, float]:
    return {key: float(value) for key, value in values.items() if value is not None and math.isfinite(value)}


def _paired(x: np.ndarray, y: np.ndarray, missing: tuple[int, int], alone: tuple[int, int]) -> Difference:
    from scipy import stats

    d, n = np.where(np.isclose(x, y, rtol=ROUNDING, atol=0), 0.0, x - y), len(x)
    given = {"first": float(x.mean()), "second": float(y.mean()), "runs": (n, n), "missing": missing, "alone": alone}
    if n < 2:
        return Difference(**given, paired=True)
    exact, least = _swapped(d), _least(2**n)
    if _alike(d, x, y):  # no spread to judge by
        same = float(d.mean())
        return Difference(**given, paired=True, low=same, high=same, exact=exact, least=least, same=True)
    test: Any = stats.ttest_1samp(d, 0.0)
    low, high = test.confidence_interval(LEVEL)
    ranks: Any = stats.wilcoxon(d) if n >= WILCOXON and np.all(d != 0) else None
    return Difference(
        **given,
        paired=True,
        low=float(low),
        high=float(high),
        p=float(test.pvalue),
        exact=exact,
        wilcoxon=None if ranks is None else float(ranks.pvalue),
        least=least,
    )


def _apart(x: np.ndarray, y: np.ndarray, missing: tuple[int, int]) -> Difference:
    from scipy import stats

    means = [float(values.mean()) if len(values) else None for values in (x, y)]
    given = {"first": means[0], "second": means[1], "runs": (len(x), len(y)), "missing": missing, "alone": (0, 0)}
    if min(len(x), len(y)) < 2:
        return Difference(**given, paired=False)
    ways = math.comb(len(x) + len(y), len(x))
    least = _least(ways)
    tried = stats.permutation_test(
        (x, y), _apart_by, permutation_type="independent", vectorized=True, n_resamples=_tries(ways), rng=0
    )
    exact = float(tried.pvalue)
    if _alike(x, x) and _alike(y, y):
        same = Difference(**given, paired=False).value
        return Difference(**given, paired=False, low=same, high=same, exact=exact, least=least, same=True)
    test: Any = stats.ttest_ind(x, y, equal_var=False)
    low, high = test.confidence_interval(LEVEL)
    return Difference(**given, paired=False, low=float(low), high=float(high), p=float(test.pvalue), exact=exact, least=least)


def _swapped(d: np.ndarray) -> float:
    """Two-sided p over the signs of the differences: all of them, or EXACT at random."""
    from scipy import stats

    found = stats.permutation_test(
        (d,), np.mean, permutation_type="samples", vectorized=True, n_resamples=_tries(2 ** len(d)), rng=0
    )
    return float(found.pvalue)


def _apart_by(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
    return np.mean(x, axis=axis) - np.mean(y, axis=axis)


def _least(ways: int) -> float:
    """Two-sided, as scipy counts it: twice the smaller side."""
    return min(1.0, 2 / min(ways, EXACT))


def _tries(ways: int) -> int:
    return EXACT if ways <= EXACT else EXACT - 1  # scipy tries all where it may try as many; at random it adds the one given


def _alike(d: np.ndarray, *of: np.ndarray) -> bool:
    """Whether all are the same, but for what floating point does to a difference of such numbers."""
    size = max((float(np.abs(values).max()) for values in of), default=0.0)
    return bool(np.ptp(d) <= 8 * np.finfo(float).eps * size)
