"""What a person says about experiments, their removal, and the tables of many: last values and curves."""

import math
import random
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from dfa_lab.records import Record
from dfa_lab.runs.store import database
from dfa_lab.runs.store.store import Store
from dfa_lab.runs.store.value_tables import thinned
from dfa_lab.settings.experiment import Experiment


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    for name in "ab":
        store.create(name, Experiment())
    yield store
    store.close()


def record(step: int, value: float | None, run: int = 0, metric: str = "test_error", layer: int | None = None) -> Record:
    return Record(run, metric, layer, value, step, step / 3, step * 64, step * 0.001)


def test_labels_are_kept(store: Store) -> None:
    store.update("a", name="Tiefe «×»", note="two\nlines", tags=["thesis", " ", "thesis", "x, y "], colour="#0072B2")
    store.update("a", name="other")
    store.update("a", tags=[])
    store.update("b", tags=["one"], note="")
    store.close()
    with closing(Store(store.folder)) as again:
        b, a = again.experiments()
        assert (a.name, a.note, a.tags, a.colour) == ("other", "two\nlines", (), "#0072B2")
        assert (b.name, b.note, b.tags, b.colour) == ("", "", ("one",), "")
        with pytest.raises(ValueError, match="give one as #rrggbb"):
            again.update("a", colour="red")


def test_what_was_removed_comes_back_whole(store: Store) -> None:
    store.create("t", Experiment(), title="paper/1")
    store.set_state("t", "finished")
    store.add_records("t", [record(0, 0.5)])
    before = time.time()
    store.remove("t")
    assert [e.id for e in store.experiments()] == ["b", "a"] and store.titled("paper/") == []
    (gone,) = store.experiments(removed=True)
    assert gone.id == "t" and gone.removed is not None and before <= gone.removed <= time.time()
    assert store.get("t") == gone and store.count("t") == 1
    store.restore("t")
    assert [e.id for e in store.experiments()] == ["t", "b", "a"] and [e.id for e in store.titled("paper/")] == ["t"]
    assert store.records("t") == [record(0, 0.5)] and store.experiments(removed=True) == []
    with closing(Store(store.folder)) as other:
        other.remove("a")  # this server is busy with it
        assert [e.id for e in other.experiments()] == ["t", "b", "a"]


def test_a_clock_that_was_set_back_changes_no_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 86400 * 365)
    store.create("c", Experiment())
    store.add_event("c", "started")
    monkeypatch.undo()
    store.add_event("c", "stopped")
    assert [e.id for e in store.experiments()] == ["c", "b", "a"]
    assert [event.kind for event in store.events("c")] == ["started", "stopped"]


def expected(records: list[Record]) -> dict[tuple[int, str], tuple]:
    """Last and best values by going through all records."""
    found: dict[tuple[int, str], tuple] = {}
    for r in records:
        if r.layer is None:
            best, at = found.get((r.run, r.metric), (None, None, None, None))[2:]
            if r.value is not None and not math.isnan(r.value) and (best is None or r.value < best):
                best, at = r.value, r.step
            value = None if r.value is None or math.isnan(r.value) else r.value
            found[r.run, r.metric] = (value, r.step, best, at)
    return found


def finals(store: Store, id: str) -> dict[tuple[int, str], tuple]:
    def figure(value: float) -> float | None:
        return None if math.isnan(value) else value

    table = store.finals([id])
    assert set(table["experiment"]) <= {id}
    columns = [table[name].tolist() for name in ("run", "metric", "value", "step", "best", "best_step")]
    return {
        (run, metric): (figure(value), step, figure(best), figure(at))
        for run, metric, value, step, best, at in zip(*columns, strict=True)
    }


def test_finals_are_those_of_the_records(store: Store) -> None:
    dice = random.Random(1)
    records = []
    for step in range(300):
        for run in range(3):
            for metric in ("test_error", "train_loss"):
                value = dice.choice([None, math.nan, math.inf, round(dice.random(), 1)])
                records.append(record(step, value, run, metric, dice.choice([None, None, 1])))
    for i in range(0, len(records), 7):
        store.add_records("a", records[i : i + 7])
        if i % 70 == 0:
            store.flush()
    assert finals(store, "a") == expected(records) and finals(store, "b") == {}
    store.cut("a", 120)
    assert finals(store, "a") == expected([r for r in records if r.step <= 120])
    store.add_records("a", [record(121, 0.25, 5)])
    assert finals(store, "a")[5, "test_error"] == (0.25, 121, 0.25, 121)
    assert list(store.finals(["a", "b", "none"])["experiment"].unique()) == ["a"]
    store.cut("a", -1)
    assert finals(store, "a") == {} and len(store.finals([])) == 0
    store.add_records("b", records)
    store.delete("b")
    assert len(store.finals(["b"])) == 0


def test_curves_keep_their_ends_and_extremes(store: Store) -> None:
    dice = np.random.default_rng(3)
    values = {(id, run): dice.normal(size=5000).cumsum() for id in "ab" for run in range(2)}
    values["a", 1][3210], values["b", 0][77] = 1e6, -1e6
    for id in "ab":
        rows = [record(step, float(values[id, run][step]), run) for step in range(5000) for run in range(2)]
        store.add_records(id, [*rows, record(1, 90.0, layer=2, metric="signal_angle")])
    table = store.curves(["b", "a"], "test_error", 100)
    assert list(table.columns) == ["experiment", "run", "step", "epoch", "samples", "seconds", "value"]
    assert set(zip(table["experiment"], table["run"], strict=True)) == values.keys()
    for (id, run), whole in values.items():
        curve = table[(table["experiment"] == id) & (table["run"] == run)]
        assert 90 <= len(curve) <= 100 and (np.diff(curve["step"]) > 0).all()
        assert curve["value"].max() == whole.max() and curve["value"].min() == whole.min()
        assert (curve["step"].min(), curve["step"].max()) == (0, 4999)
        assert np.array_equal(curve["value"], whole[curve["step"]])  # nothing is averaged
        assert np.array_equal(curve["samples"], curve["step"] * 64) and np.allclose(curve["epoch"], curve["step"] / 3)
    assert len(store.curves(["a"], "test_error", 20_000)) == 10_000
    assert len(store.curves(["a"], "signal_angle", 50, layer=2)) == 1
    assert len(store.curves(["a"], "signal_angle", 50)) == 0 and len(store.curves([], "test_error", 50)) == 0


def test_a_thinned_curve_breaks_where_it_is_not_defined() -> None:
    x = np.arange(10_000)
    y = np.sin(x / 500)
    y[4000:5000] = np.nan
    y[8000] = np.nan  # one of many: the line goes on
    rows = thinned(x, y, 200)
    assert len(rows) <= 200 and np.isnan(y[rows]).sum() == 1 and 4000 <= rows[np.isnan(y[rows])][0] < 5000
    y[:] = np.nan
    assert list(thinned(x, y, 200)) == [0, 9999]
    y[5000], y[5001] = np.inf, -np.inf
    assert {5000, 5001} <= set(thinned(x, y, 200))
    y[::2] = 1.0
    assert 100 < len(thinned(x, y, 200)) <= 200


def test_one_damaged_page_costs_only_what_is_on_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a file that is too large to be read through when it is opened."""
    with closing(Store(tmp_path)) as store:
        for name in ("whole", "hit"):
            store.create(name, Experiment())
            store.set_state(name, "finished")
            store.add_records(name, [record(i, i / 7) for i in range(5000)])
    path = tmp_path / "runs.sqlite"
    with closing(sqlite3.connect(path)) as other:
        size = other.execute("PRAGMA page_size").fetchone()[0]
    content = path.read_bytes()
    pages = [found.start() // size for found in re.finditer(rb"hit..?test_error", content)]
    at = next(page for page in pages if content[page * size] == 0x0A)  # a leaf: only records are on it
    path.write_bytes(content[: at * size] + b"\xff" * size + content[(at + 1) * size :])
    monkeypatch.setattr(database, "CHECKED", 0)
    with closing(Store(tmp_path)) as store:
        assert store.problem == ""
        assert len(store.records("whole")) == 5000 and len(store.experiments()) == 2
        assert store.records("hit") == [] and store.problem == f"Runs cannot be read: {path} is damaged."
        assert finals(store, "hit")[0, "test_error"][1] == 4999  # the last values lie elsewhere
        assert store.problem == ""


def test_the_file_shrinks_when_what_was_removed_is_gone(store: Store) -> None:
    path = store.folder / "runs.sqlite"
    for name in "ab":
        store.add_records(name, [record(i, i / 7) for i in range(20_000)])
    store.delete("a")
    assert store.flush()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.stat().st_size
    assert store.compact() == "" and path.stat().st_size < 0.6 * before
    store.add_records("b", [record(20_000, 1.0)])
    assert store.count("b") == 20_001 and store.problem == ""
