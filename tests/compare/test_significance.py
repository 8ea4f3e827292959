"""Tests of differences, against sums written out and all arrangements counted."""

import math
from itertools import combinations, product
from statistics import fmean, stdev

import pytest

from dfa_lab.compare.significance import Difference, compare, holm
from dfa_lab.compare.significance_words import Measured, said

NAN = float("nan")
FIRST = {0: 0.030, 1: 0.040, 2: 0.050, 3: 0.031, 4: 0.060}
SECOND = {0: 0.020, 1: 0.035, 2: 0.041, 3: 0.030, 4: 0.050}
T_4 = 2.7764451051977987  # the t that 2.5 % of the distribution with 4 degrees of freedom lie above: of a printed table
ERROR = Measured("dfa", "bp", "last test error", 100, " %", " percentage points")


def test_over_pairs_it_is_students_formula():
    found, d = compare(FIRST, SECOND), [FIRST[seed] - SECOND[seed] for seed in FIRST]
    half = T_4 * stdev(d) / math.sqrt(5)
    assert found.paired and found.runs == (5, 5) and found.value == pytest.approx(fmean(d))
    assert (found.low, found.high) == pytest.approx((fmean(d) - half, fmean(d) + half))
    assert 3.747 < fmean(d) / (stdev(d) / math.sqrt(5)) < 4.604  # the table's t of p = 0.02 and of p = 0.01
    assert found.p is not None and 0.01 < found.p < 0.02
    flipped = [abs(fmean([sign * one for sign, one in zip(signs, d, strict=True)])) for signs in product((1, -1), repeat=5)]
    as_far = sum(mean >= abs(fmean(d)) - 1e-12 for mean in flipped) / 32
    assert found.exact == pytest.approx(as_far) == pytest.approx(found.least) and found.least == 2 / 32
    assert found.wilcoxon is None  # with five pairs it could not fall below 0.05


def test_six_pairs_can_be_more_than_chance_by_the_exact_test():
    found = compare(FIRST | {5: 0.05}, SECOND | {5: 0.03})
    assert found.exact == found.least == 2 / 64  # all six differ in one direction


def test_the_other_way_round_only_the_signs_change():
    there, back = compare(FIRST, SECOND), compare(SECOND, FIRST)
    assert (back.value, back.p, back.exact) == pytest.approx((-(there.value or 0), there.p, there.exact))
    assert (back.low, back.high) == pytest.approx((-(there.high or 0), -(there.low or 0)))


def test_without_pairs_it_is_welchs_formula():
    first, second = [3.0, 4.0, 5.5, 3.5], [2.0, 2.5, 4.0]
    found = compare(dict(enumerate(first)), dict(enumerate(second, start=10)))
    shares = [stdev(some) ** 2 / len(some) for some in (first, second)]
    freedom = sum(shares) ** 2 / sum(share**2 / (len(some) - 1) for share, some in zip(shares, (first, second), strict=True))
    assert not found.paired and found.runs == (4, 3) and found.value == pytest.approx(4.0 - fmean(second))
    assert 4 < freedom < 5 and found.value and found.low and found.high
    half = (found.high - found.low) / 2
    assert 2.571 < half / math.sqrt(sum(shares)) < 2.776  # t of 5 and of 4 degrees of freedom
    every = [*first, *second]
    means = [
        fmean([every[i] for i in some]) - fmean([every[i] for i in range(7) if i not in some])
        for some in combinations(range(7), 4)
    ]
    above = sum(one >= found.value - 1e-12 for one in means) / len(means)
    below = sum(one <= found.value + 1e-12 for one in means) / len(means)
    assert found.exact == pytest.approx(2 * min(above, below))


def test_wilcoxon_of_six_pairs_that_all_point_one_way():
    first = {seed: 1 + 0.1 * seed for seed in range(6)}
    found = compare(first, {seed: value - 0.01 * (seed + 1) for seed, value in first.items()})
    assert found.wilcoxon == pytest.approx(2 / 64) and found.exact == pytest.approx(2 / 64)


def test_many_pairs_are_tried_at_random_and_the_same_each_time():
    first = {seed: math.sin(seed) for seed in range(40)}
    second = {seed: math.sin(seed) + 0.2 * math.cos(7 * seed) for seed in range(40)}
    assert compare(first, second).exact == compare(first, second).exact
    assert compare(first, second).least == 2 / 10_000


def test_the_same_values_differ_by_nothing():
    found = compare(FIRST, FIRST)
    assert (found.value, found.low, found.high, found.p, found.exact) == (0, 0, 0, None, 1) and found.same
    assert "are the same over 5 seeds" in said(found, ERROR)


def test_the_same_difference_in_every_pair_has_no_t():
    found = compare({seed: value + 0.1 for seed, value in FIRST.items()}, FIRST)  # 0.1 up to rounding
    assert found.same and found.p is None and found.exact == pytest.approx(2 / 32) and found.low == pytest.approx(0.1)
    assert "10.00 percentage points higher" in said(found, ERROR) and "p = 0.062" in said(found, ERROR)


def test_two_groups_without_any_spread():
    found = compare({0: 1.0, 1: 1.0}, {5: 2.0, 6: 2.0, 7: 2.0})
    assert not found.paired and found.same and found.p is None and found.exact == pytest.approx(0.2)


def test_what_has_no_finite_value_is_left_out_and_said():
    found = compare({**FIRST, 4: NAN}, {**SECOND, 0: math.inf})
    assert found.missing == (1, 1) and found.alone == (1, 1) and found.paired and found.runs == (3, 3)
    text = said(found, ERROR)
    assert "as they have no number there" in text and "1 of dfa, 1 of bp" in text and "without a partner" in text
    one = said(compare({**FIRST, 4: NAN}, SECOND), ERROR)
    assert "Left out, as it has no number there, perhaps diverged: 1 of dfa." in one


@pytest.mark.parametrize(
    ("first", "second", "paired"),
    [
        ((0, 1, 2), (0, 1, 2), True),
        ((0, 1, 2, 3), (2, 3, 4, 5), True),  # half of them
        ((0, 1, 2, 3, 4), (3, 4, 5, 6, 7), False),
        ((0, 1, 2), (2, 3, 4), False),
        ((0,), (0,), True),
        ((0,), (1,), False),
    ],
)
def test_pairs_where_seeds_match(first, second, paired):
    values = [{seed: 0.1 * seed + 0.01 * seed**2 + shift for seed in some} for some, shift in ((first, 0), (second, 0.5))]
    assert compare(*values).paired is paired
    assert compare(*values, pair=False).paired is False


def test_one_seed_says_nothing_about_chance():
    found = compare({0: 0.05}, {0: 0.04})
    assert (found.p, found.exact, found.low) == (None, None, None) and found.value == pytest.approx(0.01)
    text = said(found, ERROR)
    assert "1.00 percentage points higher than that of bp, with 1 seed." in text
    assert "With 1 seed nothing can be said about chance: train more seeds" in text
    assert "nothing can be said about chance" in said(compare({0: 0.05}, SECOND), ERROR)


def test_two_seeds_are_few_and_said_to_be():
    found = compare({0: 1.0, 1: 1.2}, {0: 0.9, 1: 1.0})
    assert found.p is not None and found.p > 0.05 and "2 seeds are few to judge by" in said(found, ERROR)


def test_nothing_measured():
    assert compare({}, {}).value is None
    assert said(compare({}, SECOND), ERROR).startswith("dfa: no run has a value of last test error yet.")


def test_the_sentence():
    assert said(compare(FIRST, SECOND), ERROR, alike=True) == (
        "The last test error of dfa is 0.70 percentage points higher than that of bp, 95 % interval 0.21 to 1.19, over 5 "
        "seeds, each trained from the same weights and batches: unlikely to be chance (p = 0.016)."
    )
    assert "0.70 percentage points lower than that of bp, 95 % interval 0.21 to 1.19" in said(compare(SECOND, FIRST), ERROR)
    text = said(compare(FIRST, SECOND), ERROR, p=0.2, of_several=3)
    assert "it could well be chance (p = 0.2)" in text and "corrected for 3 comparisons (Holm)" in text


def test_an_interval_across_nothing_names_both_sides():
    found = Difference(0.03, 0.02, (5, 5), (0, 0), (0, 0), True, low=-0.01, high=0.03, p=0.3, exact=0.4, least=0.06)
    assert "interval from 1.00 lower to 3.00 higher" in said(found, ERROR)
    assert "p < 0.001" in said(found, ERROR, p=1e-9)


def test_holm_by_hand():
    assert holm([0.01, 0.04, None, 0.03]) == pytest.approx([0.03, 0.06, None, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0]) and holm([0.02]) == [0.02] and holm([]) == []


@pytest.mark.parametrize("first", [{0: 0.1}, {0: 0.1, 1: 0.2}, {0: 0.3, 1: 0.1, 2: 0.2}, {0: 0.7, 1: 0.1, 2: 0.1}])
def test_equal_means_are_called_equal_and_none_is_higher(first: dict[int, float]) -> None:
    """Runs may be equal, or differ but not on average, up to how sums are rounded."""
    for second in (first, dict(zip(first, [*list(first.values())[1:], first[0]], strict=True))):
        text = said(compare(first, second), ERROR)
        assert "the same" in text and " 0.00 percentage points" not in text and "than that of" not in text


@pytest.mark.parametrize("pair", [True, False])
def test_what_differs_as_sums_are_rounded_is_equal_in_every_figure(pair: bool) -> None:
    first = {seed: 0.1 * seed + 0.2 for seed in range(1, 8)}
    second = {seed: 0.1 * (seed + 2) for seed in range(1, 8)}
    assert first != second and sum(first.values()) / 7 != sum(second.values()) / 7
    found = compare(first, second, pair=pair)
    assert found.value == 0 and "the same" in said(found, ERROR)
    if pair:
        assert found.same and (found.low, found.high, found.exact, found.wilcoxon) == (0, 0, 1, None)
