"""Runs in groups, what they are called, which of two groups belong together, and the lines that are drawn of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dfa_lab.compare import run_groups
from dfa_lab.compare.lines import DEVIATION, EXTREMES, SINGLE, ends, lines, table
from dfa_lab.compare.table import SETTINGS, Outcome
from dfa_lab.records import Record
from dfa_lab.runs.store.store import Store
from dfa_lab.runs.store.stored import Stored
from dfa_lab.settings.parsing import parse

NAN = float("nan")


def stored(id: str, name: str = "", **settings: object) -> Stored:
    experiment = parse({"rules": "bp,dfa", "seeds": "0,1", **settings})
    return Stored(id, experiment, experiment.model_dump(), {}, "", "finished", "", 0.0, None, False, "", name=name)


def named(groups: Sequence[run_groups.Group]) -> dict[str, list[tuple]]:
    return {group.name: [tuple(member) for member in group.members] for group in groups}


def test_a_line_for_each_rule_and_experiment():
    found = [stored("a", learning_rate=0.1), stored("b", learning_rate=0.2, rules="dfa")]
    assert named(run_groups.groups(found)) == {
        "learning rate 0.1 · bp": [("a", 0, 0), ("a", 2, 1)],
        "learning rate 0.1 · dfa": [("a", 1, 0), ("a", 3, 1)],
        "learning rate 0.2 · dfa": [("b", 0, 0), ("b", 1, 1)],
    }
    assert named(run_groups.groups(found, rules=["dfa"], seeds=[1])) == {
        "learning rate 0.1": [("a", 3, 1)],
        "learning rate 0.2": [("b", 1, 1)],
    }


def test_groups_by_a_setting_gather_experiments_in_the_order_of_its_values():
    found = [stored("c", num_hidden=100), stored("b", num_hidden=20, seeds="7"), stored("a", num_hidden=100, epochs=9)]
    made = run_groups.groups(found, "num_hidden", rules=["bp"])
    assert [group.name for group in made] == ["units 20", "units 100"]
    assert {member.experiment for member in made[1].members} == {"a", "c"} and len(made[1].members) == 4
    assert list(named(run_groups.groups(found, run_groups.RULE))) == ["bp", "dfa"]


def test_names_are_short_and_tell_all_apart():
    found = [
        stored("aaaaaaaa", num_layers=1, learning_rate=0.1),
        stored("bbbbbbbb", num_layers=2, learning_rate=0.1, epochs=3),
        stored("cccccccc", num_layers=1, learning_rate=0.2),
    ]
    assert list(run_groups.labels(found).values()) == [
        "layers 1, learning rate 0.1",
        "layers 2, learning rate 0.1",
        "layers 1, learning rate 0.2",
    ]
    twins = run_groups.labels([stored("aaaaaaaa"), stored("bbbbbbbb"), stored("cccccccc", name="mine")])
    assert list(twins.values()) == ["aaaaaa", "bbbbbb", "mine"]
    alike = run_groups.labels([stored("aaaaaaaa", name="x"), stored("bbbbbbbb", name="x")])
    assert list(alike.values()) == ["x (aaaaaa)", "x (bbbbbb)"]
    assert run_groups.labels([stored("a")]) == {"a": ""}


def pairs(first: run_groups.Group, second: run_groups.Group, found: Sequence[Stored]) -> tuple[set, bool, bool]:
    how = run_groups.pairing(first, second, {one.id: one for one in found})
    common = {how.of(one) for one in first.members} & {how.of(one) for one in second.members}
    return common, how.pair, how.from_the_same


def test_rules_of_one_experiment_belong_together_by_seed():
    found = [stored("a"), stored("b", num_hidden=50)]
    bp, _, dfa, _ = run_groups.groups(found)
    assert pairs(bp, dfa, found) == ({("a", 0), ("a", 1)}, True, True)
    bp, dfa = run_groups.groups(found, run_groups.RULE)
    assert pairs(bp, dfa, found) == ({("a", 0), ("a", 1), ("b", 0), ("b", 1)}, True, True)


def test_what_only_one_of_two_rules_has_is_no_partner():
    found = [stored("a"), stored("b", rules="dfa", num_hidden=50)]
    bp, dfa = run_groups.groups(found, run_groups.RULE)
    assert pairs(bp, dfa, found) == ({("a", 0), ("a", 1)}, True, True) and len(dfa.members) == 4


@pytest.mark.parametrize(
    ("settings", "same"), [({"learning_rate": 0.5}, True), ({"num_hidden": 50}, False), ({"batch_size": 7}, False)]
)
def test_experiments_belong_together_by_seed_and_start_alike_or_not(settings, same):
    found = [stored("a"), stored("b", **settings)]
    first, second = run_groups.groups(found, rules=["dfa"])
    assert pairs(first, second, found) == ({0, 1}, True, same)


def test_what_is_said_to_be_harmless_are_settings():
    assert set(SETTINGS) >= run_groups.HARMLESS


def test_rules_that_start_from_zero_do_not_start_like_others():
    found = [stored("a", init="paper", rules="bp,fa,dfa")]
    bp, fa, dfa = run_groups.groups(found)
    assert pairs(bp, dfa, found)[2] is False and pairs(fa, dfa, found)[2] is True


def test_a_seed_that_is_there_twice_has_no_partner():
    found = [stored("a", num_hidden=10), stored("b", num_hidden=10, epochs=2), stored("c", num_hidden=20)]
    first, second = run_groups.groups(found, "num_hidden", rules=["dfa"])
    assert pairs(first, second, found)[1] is False


def curves(values: Mapping[tuple[str, int], Sequence[float]], every: int = 10) -> pd.DataFrame:
    rows = [
        (id, run, every * n, n / 2, 640 * n, 0.1 * n, value)
        for (id, run), some in values.items()
        for n, value in enumerate(some)
    ]
    return pd.DataFrame(rows, columns=["experiment", "run", "step", "epoch", "samples", "seconds", "value"])


def test_lines_are_means_with_bands_or_the_runs_themselves():
    groups = run_groups.groups([stored("a")])  # bp: runs 0 and 2
    measured = curves({("a", 0): [1, 2, 3], ("a", 1): [9, 9, 9], ("a", 2): [3, 2, 7], ("a", 3): [8, 9, 10]})
    bp, dfa = lines(groups, measured, "epoch", DEVIATION, 0.0, 100)
    assert bp.x.tolist() == [0, 0.5, 1] and bp.y.tolist() == [2, 2, 5] and bp.runs == 2 and bp.ghost_x is None
    assert bp.high is not None and (bp.high - bp.y).tolist() == pytest.approx([2**0.5, 0, 8**0.5])
    extremes = lines(groups, measured, "step", EXTREMES, 0.0, 100)[1]
    assert extremes.low is not None and extremes.low.tolist() == [8, 9, 9] and extremes.x.tolist() == [0, 10, 20]
    single = lines(groups, measured, "step", SINGLE, 0.0, 100)
    assert [(line.group, line.seed, line.y.tolist(), line.low) for line in single] == [
        (0, 0, [1, 2, 3], None),
        (0, 1, [3, 2, 7], None),
        (1, 0, [9, 9, 9], None),
        (1, 1, [8, 9, 10], None),
    ]


def test_the_mean_ends_with_a_run_that_diverges_and_says_so():
    groups = run_groups.groups([stored("a", rules="dfa", seeds="0,1,2")])
    whole = list(range(30))
    values = {("a", 0): whole, ("a", 1): [*whole[:10], *[NAN] * 20], ("a", 2): [NAN] * 30}
    (line,) = lines(groups, curves(values), "step", DEVIATION, 0.0, 100)
    assert line.ends_early and line.runs == 2 and line.x[np.isfinite(line.y)].max() == 90
    (even,) = lines(groups, curves(dict.fromkeys(values, whole)), "step", DEVIATION, 0.0, 100)
    assert not even.ends_early and even.runs == 3


def test_long_lines_become_short_with_mean_and_band_of_all_their_values():
    """The mean is that of what was measured, not of thinned curves, and its spikes and those of its band are there."""
    groups = run_groups.groups([stored("a", rules="dfa", seeds="0,1")])
    values = np.random.default_rng(0).normal(5, 1, (2, 5000))
    values[:, 777] = 80  # in both
    values[0, 3100], values[1, 3100] = -50, 60  # in the band alone
    measured = curves({("a", run): row.tolist() for run, row in enumerate(values)})
    (line,) = lines(groups, measured, "step", DEVIATION, 0.6, 200)
    assert line.ghost_y is not None and len(line.ghost_y) <= 200 and len(line.x) <= 202
    (line,) = lines(groups, measured, "step", DEVIATION, 0.0, 200)
    mean, width = values.mean(0), values.std(0, ddof=1)
    places = (line.x / 10).astype(int)
    np.testing.assert_allclose(line.y, mean[places])
    assert line.low is not None and line.high is not None
    np.testing.assert_allclose(line.low, (mean - width)[places])
    assert line.y.max() == 80 and line.low.min() == (mean - width).min() and line.high.max() == (mean + width).max()


def test_last_values_are_those_of_the_end_even_where_that_is_none():
    found = ends(curves({("a", 0): [3, 1, 2], ("b", 1): [1, 2, NAN], ("b", 0): [NAN]}))
    assert found[["experiment", "run"]].to_numpy().tolist() == [["a", 0], ["b", 1], ["b", 0]]
    np.testing.assert_array_equal(found["last"], [2, NAN, NAN])
    np.testing.assert_array_equal(found["best"], [1, 1, NAN])
    steps = curves({("a", 0): [3, 1, 2], ("b", 1): [1, 2, NAN], ("b", 0): [NAN]})["step"].tolist()
    assert found["last_step"].tolist() == [steps[2], steps[5], steps[6]]
    assert found["best_step"].tolist() == [steps[1], steps[3], steps[6]]
    (group,) = run_groups.groups([stored("b", rules="dfa")])
    values = run_groups.values(group, found, "last")
    assert {member.seed for member in values} == {0, 1} and all(np.isnan(value) for value in values.values())


def test_the_file_has_a_row_for_every_point():
    groups = run_groups.groups([stored("a", rules="dfa")])
    made = lines(groups, curves({("a", 0): [1, 2], ("a", 1): [3, 4]}), "samples", DEVIATION, 0.0, 100)
    rows = table(groups, {"test_error": made}, "samples")
    assert rows.columns.tolist() == ["panel", "rule", "group", "seed", "runs", "samples", "value", "low", "high"]
    assert rows["samples"].tolist() == [0, 640] and rows["value"].tolist() == [2, 3] and set(rows["runs"]) == {2}
    assert rows["high"].tolist() == pytest.approx([2 + 2**0.5, 3 + 2**0.5])
    assert table(groups, {}, "samples").empty and list(table(groups, {}, "step"))[5] == "step"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path)) as opened:
        yield opened


def test_what_was_measured_is_known_without_reading_all(store):
    store.create("a", parse({}))
    store.create("b", parse({}))
    filler = [Record(0, "train_loss", None, 1.0, step, 0.0, 0, 0.0) for step in range(3000)]
    layers = [Record(0, "signal_angle", layer, 1.0, 0, 0.0, 0, 0.0) for layer in (1, 2)]
    store.add_records("a", [*layers, *filler, Record(0, "test_error", None, 1.0, 9, 0.0, 0, 0.0)])
    store.add_records("b", [Record(0, "dead", 3, 1.0, 0, 0.0, 0, 0.0)])
    mine = [("signal_angle", 1), ("signal_angle", 2), ("test_error", None), ("train_loss", None)]
    assert store.measured(["a"]) == mine and store.measured(["a", "b"]) == [("dead", 3), *mine]
    assert store.measured([]) == store.measured(["c"]) == []


def test_a_loss_that_diverged_is_written_short():
    """And not as 12214895358602559728557158825984.000."""
    assert Outcome(12214895358602559728557158825984.0, None, 1).text("test_loss") == "1.22e+31"
    assert Outcome(2.5e7, 1e3, 2).text("train_loss") == "2.50e+07 ± 1000.00"
    assert Outcome(0.0435, 0.0021, 3).text("test_error") == "4.35 ± 0.21"
    assert Outcome(1.25, 0.5, 3).text("test_loss") == "1.250 ± 0.500"
    assert Outcome(125.0, None, 3).text("test_loss") == "125.00"
