"""The map of layer × step: means of seeds, names of rows, and nothing extreme lost by thinning."""

import numpy as np
import pytest

from dfa_lab.compare.over_time import layers_by_steps, thinned
from dfa_lab.records import Record


def record(run: int, layer: int | None, step: int, value: float | None) -> Record:
    return Record(run, "signal_angle", layer, value, step, step / 10, step, 0.0)


def test_means_over_the_seeds_of_a_rule_and_gaps() -> None:
    records = [record(run, layer, step, 10.0 * run + step) for run in range(4) for layer in (1, 2, 3, None) for step in (0, 5)]
    records += [record(0, 1, 7, None), record(2, 1, 7, 4.0), record(0, 2, 7, None), record(2, 2, 7, None)]
    found = layers_by_steps(records, (0, 2), blocks=2, most=40)
    assert found.steps == [0, 5, 7]
    assert found.rows == ["1", "2", "readout", "whole network"]
    assert found.values == [[10, 15, 4], [10, 15, None], [10, 15, None], [10, 15, None]]
    assert layers_by_steps(records, (1,), blocks=3, most=40).rows == ["1", "2", "3", "whole network"]
    assert layers_by_steps([], (0,), 2, 40).steps == []
    assert layers_by_steps([record(0, 1, 0, None)], (0,), 2, 40).values == [[None]]


@pytest.mark.parametrize("columns", [41, 79, 80, 1003])
def test_thinning_keeps_the_extremes_of_every_row_and_the_order_of_the_steps(columns: int) -> None:
    values = np.random.default_rng(columns).normal(size=(7, columns))
    values[3] = np.nan
    values[4, : columns // 2] = np.nan
    steps, kept = thinned(np.arange(columns) * 10, values, 40)
    assert len(steps) == kept.shape[1] == 40
    assert (np.diff(steps) > 0).all() and steps[0] == 0 and set(steps) <= set(range(0, columns * 10, 10))
    for row in (0, 1, 2, 4, 5, 6):
        assert np.nanmin(kept[row]) == np.nanmin(values[row]) and np.nanmax(kept[row]) == np.nanmax(values[row])
        assert set(kept[row][~np.isnan(kept[row])]) <= set(values[row])
    assert np.isnan(kept[3]).all() and np.isnan(kept[4, :18]).all()


def test_what_can_be_drawn_whole_is() -> None:
    steps, values = np.arange(40), np.random.default_rng(0).normal(size=(2, 40))
    assert thinned(steps, values, 40) == (steps, values)
