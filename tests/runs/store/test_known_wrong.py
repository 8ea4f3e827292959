"""Angles of exactly 90° that an earlier lab has measured: kept in the file, and left out wherever they are read."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from dfa_lab.export import package, records_table
from dfa_lab.records import IN_DEGREES, Record
from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.runs.store.known_wrong import SAID
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.experiment import Experiment
from tests.runs.store.test_store_schema import old

CONTROL = ("test_error", "signal_ratio")  # what is no angle may be 90
EXPERIMENT = Experiment(rules=("dfa",))


def measured(metric: str, layer: int | None, *values: float) -> list[Record]:
    return [Record(0, metric, layer, value, step, step / 10, step * 64, 0.1) for step, value in enumerate(values, start=1)]


RECORDS = [
    *(record for metric in IN_DEGREES for record in measured(metric, 1, 91.5, 90.0, 89.99999999)),
    *measured("gradient_angle", None, 91.0, 120.0, 90.0),
    *measured("update_angle", None, 90.0, 95.0, 80.0),
    *(record for metric in CONTROL for record in measured(metric, None, 90.0)),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two experiments with the same records: "first" as an earlier lab has begun it, "now" as this one does."""
    with closing(Store(tmp_path)) as store:
        for id in ("first", "now"):
            store.create(id, EXPERIMENT)
            store.add_records(id, RECORDS)
            store.set_state(id, "finished")
        store.flush()
        with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as connection:
            before = json.dumps({"python": "3.11", "dfa-lab": "0.2.0", "torch": "2.6"})
            connection.execute("UPDATE experiments SET versions = ? WHERE id = 'first'", (before,))
            connection.commit()
        yield store


def known(records: list[Record]) -> list[Record]:
    return [record._replace(value=None) if record.metric in IN_DEGREES and record.value == 90 else record for record in records]


def test_records_have_gaps_there(store: Store) -> None:
    assert store.records("now") == RECORDS
    assert store.records("first") == known(RECORDS) != RECORDS
    assert [record.value for record in store.last("first", "test_error", 1)] == [90.0]


def test_curves_and_last_values_have_gaps_there(store: Store) -> None:
    for id, value in (("now", 90.0), ("first", None)):
        for metric in IN_DEGREES:
            curve = store.curves([id], metric, 100, 1)["value"].tolist()
            assert [None if one != one else one for one in curve] == [91.5, value, 89.99999999]
        finals = store.finals([id]).set_index("metric").astype(object)
        finals = finals.where(finals.notna(), None)
        assert finals.loc["gradient_angle", ["value", "best", "wrong"]].tolist() == [value, value, value is None]
        assert finals.loc["update_angle", ["value", "best", "wrong"]].tolist() == [80.0, 80.0, False]
        for metric in CONTROL:
            assert finals.loc[metric, ["value", "best", "wrong"]].tolist() == [90.0, 90.0, False]


def test_it_is_known_of_which_experiments(store: Store) -> None:
    assert store.left_out(["now", "first", "none"]) == ["first"]
    store.cut("first", 1)
    assert store.left_out(["first"]) == ["first"]  # the update angle
    store.cut("first", 0)
    assert store.left_out(["first"]) == []


def test_a_file_of_the_first_schema(tmp_path: Path) -> None:
    old(tmp_path)
    with closing(Store(tmp_path)) as store:
        angles = [record for record in store.records("a") if record.metric == "signal_angle"]
        assert angles[0].value is None and all(record.value is not None for record in angles[1:])
        assert store.left_out(["a", "b"]) == ["a", "b"]
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as connection:
        kept = "SELECT value FROM records WHERE experiment = 'a' AND metric = 'signal_angle' ORDER BY seq LIMIT 1"
        assert connection.execute(kept).fetchone() == (90.0,)


def test_an_export_has_gaps_and_says_why(store: Store, tmp_path: Path) -> None:
    import zipfile

    from dfa_lab.export import layout

    source = package.Source(store, Checkpoints(tmp_path))
    for id, said in (("first", True), ("now", False)):
        file = BytesIO()
        package.write(source, id, file, {})
        with zipfile.ZipFile(file) as zipped:
            frame = pd.read_csv(zipped.open(layout.CSV))
            assert (SAID in zipped.read(layout.README).decode()) is said
        expected = records_table.table(EXPERIMENT, known(RECORDS) if said else RECORDS)
        assert frame["value"].tolist() == pytest.approx(expected["value"].tolist(), nan_ok=True)
        assert bool(frame["value"].isna().to_numpy().any()) is said
