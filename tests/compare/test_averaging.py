"""Means over runs, against numpy, pandas and sums written out."""

import numpy as np
import pandas as pd
import pytest

from dfa_lab.compare.averaging import Course, band, on_grid, smoothed, spacing, without_outliers

NAN = float("nan")


def course(x, y, step=None) -> Course:
    return Course(np.asarray(x if step is None else step), np.asarray(x, float), np.asarray(y, float))


def test_on_one_grid_the_mean_and_deviation_are_numpys():
    values = np.random.default_rng(0).normal(size=(5, 40))
    found = band([course(range(40), row) for row in values])
    assert found.x.tolist() == list(range(40)) and found.runs == 5
    np.testing.assert_allclose(found.middle, np.mean(values, 0))
    np.testing.assert_allclose(found.high - found.middle, np.std(values, 0, ddof=1))
    np.testing.assert_allclose(found.middle - found.low, np.std(values, 0, ddof=1))
    outer = band([course(range(40), row) for row in values], extremes=True)
    np.testing.assert_array_equal(outer.low, values.min(0))
    np.testing.assert_array_equal(outer.high, values.max(0))


def test_different_steps_meet_on_straight_lines():
    """Lines are interpolated without error, whatever steps they were measured at."""
    first, second = course([0, 3, 10], [1, 7, 21]), course([0, 5, 8, 10], [0, 15, 24, 30])  # 1 + 2x and 3x
    found = band([first, second])
    assert found.x.tolist() == [0, 3, 5, 8, 10]
    np.testing.assert_allclose(found.middle, (1 + 2 * found.x + 3 * found.x) / 2)
    np.testing.assert_allclose(found.high - found.middle, np.abs(1 - found.x) / 2**0.5)


def test_nothing_is_guessed_beyond_an_end_or_in_a_gap():
    whole, short = course([0, 1, 2, 3, 4], [5, 5, 5, 5, 5]), course([1, 2, 3], [1, NAN, 1])
    grid, values = on_grid([whole, short])
    assert grid.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(values[1], [NAN, 1, NAN, 1, NAN])
    np.testing.assert_array_equal(band([whole, short]).middle, [NAN, 3, NAN, 3, NAN])
    between = on_grid([course([0, 0.5, 1.5, 2], [0, 0, 0, 0]), course([0, 1, 2], [1, NAN, 3])])[1][1]
    np.testing.assert_array_equal(between, [1, NAN, NAN, NAN, 3])  # not a line from 1 to 3 over the gap


def test_infinite_values_are_gaps_and_do_not_spread():
    found = band([course([0, 1, 2], [1, np.inf, 1]), course([0, 1, 2], [3, 3, 3])])
    np.testing.assert_array_equal(found.middle, [2, NAN, 2])


def test_of_several_values_at_one_place_the_last_counts():
    assert on_grid([course([0, 1, 1, 2], [9, 8, 7, 6])])[1].tolist() == [[9, 7, 6]]


def test_a_single_run_has_no_width_and_none_no_line():
    alone = band([course([0, 1, 2], [1, NAN, 3])])
    np.testing.assert_array_equal(alone.low, [1, NAN, 3])
    np.testing.assert_array_equal(alone.high, [1, NAN, 3])
    assert len(band([]).x) == 0 and len(band([course([], [])]).x) == 0


@pytest.mark.parametrize("weight", [0.3, 0.9, 0.99])
def test_smoothing_of_regular_steps_is_pandas_adjusted_mean(weight):
    y = np.random.default_rng(1).normal(3, 1, 200)
    found = smoothed(course(np.arange(200) * 7, y), weight, 7.0)
    np.testing.assert_allclose(found.y, pd.Series(y).ewm(alpha=1 - weight, adjust=True).mean())
    assert found.y[0] == pytest.approx(y[0])  # no pull towards 0


def test_smoothing_of_irregular_steps_weighs_by_distance():
    steps, y, weight, every = np.array([0, 2, 3, 9]), np.array([4.0, 1.0, NAN, 7.0]), 0.6, 2.0
    found = smoothed(course(steps, y), weight, every).y
    assert np.isnan(found[2])
    gaps = [1.0, 1.0, (9 - 2) / every]  # in units of `every`, the first as if one had been before it
    kept = [weight**gap for gap in gaps]
    shares = [(1 - kept[0]) * kept[1] * kept[2], (1 - kept[1]) * kept[2], 1 - kept[2]]
    assert found[3] == pytest.approx(np.dot(shares, [4.0, 1.0, 7.0]) / sum(shares))


def test_a_constant_stays_itself_and_no_weight_leaves_all_as_it_is():
    one = course([0, 5, 6, 30], [2, 2, 2, 2])
    np.testing.assert_allclose(smoothed(one, 0.95, 5.0).y, 2)
    assert smoothed(one, 0.0, 5.0) is one


def test_spacing_is_that_of_the_densest():
    assert spacing([course([0, 10, 20], [1, 1, 1]), course([0, 2, 4, 6], [1] * 4), course([5], [1])]) == 2
    assert spacing([course([5], [1])]) == spacing([]) == spacing([course([3, 3], [1, 1])]) == 1


def test_outliers_are_outside_and_counted():
    values = np.concatenate([np.linspace(1, 2, 999), [1000.0]])
    found = without_outliers(values)
    assert found is not None
    low, high, outside = found
    assert 0.9 < low < 1.01 and 1.99 < high < 2.2 and outside == 1
    assert outside == ((values < low) | (values > high)).sum()


def test_outliers_on_a_logarithmic_axis_and_where_there_are_none():
    values = np.concatenate([10 ** np.linspace(-3, -1, 999), [1e9, 0.0, -1.0, NAN, np.inf]])
    found = without_outliers(values, logarithmic=True)
    assert found is not None and 5e-4 < found[0] < 1.2e-3 and 0.09 < found[1] < 0.2 and found[2] == 1
    assert without_outliers(np.linspace(0, 1, 20)) is None
    assert without_outliers(np.array([NAN])) is None and without_outliers(np.array([0.0]), logarithmic=True) is None
    assert without_outliers(np.full(9, 4.0)) is None
