"""How long the store takes with a thousand experiments and ten million records: to open, list, compare, bring up to date.

    python benchmarks/store.py          (half a minute and 2 GB of disk; --records 1000000 for less)

The store is built in a temporary folder as a file of schema 1, so that opening it for the first time is the migration.
"""

import argparse
import json
import math
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from machine import Figure, describe, report, table

from app.compare.message import Look, Panel, message
from dfa_lab.compare.as_of import last_steps
from dfa_lab.compare.lines import FULL
from dfa_lab.compare.run_groups import groups
from dfa_lab.records import Record
from dfa_lab.runs.store.schema import FIRST
from dfa_lab.runs.store.store import Store
from dfa_lab.runs.store.stored import versions
from dfa_lab.settings.experiment import Experiment

METRICS = ("train_loss", "train_error", "test_loss", "test_error")
LAYERS = 2  # with a signal angle and its spread each
RULES = ("bp", "fa", "dfa")
COMPARED, POINTS = 30, 500
PANELS = (Panel("test_error"), Panel("train_loss"), Panel("signal_angle", 1))
LOOKS = {
    "means": Look(),
    "smoothed, logarithmic, without outliers": Look("epoch", smoothing=0.6, logarithmic=True, calm=True),
}


def experiment(number: int) -> Experiment:
    return Experiment(rules=RULES, seeds=(number % 7,), num_hidden=100 + number % 50, learning_rate=0.001 * (1 + number % 9))


def rows(id: str, wanted: int) -> Iterator[tuple]:
    """The records that a training leaves: per measurement each run's metrics, then its layers' angles."""
    seq = step = 0
    while True:
        for run in range(len(RULES)):
            cells = [(metric, None, math.exp(-step / 300) + 0.01 * run) for metric in METRICS]
            for layer in range(1, LAYERS + 1):
                cells += [("signal_angle", layer, 90 - step / 30), ("signal_angle_std", layer, 9.0)]
            for metric, layer, value in cells:
                yield id, seq, run, metric, layer, value, step, step / 28, step * 64, step * 1e-3
                seq += 1
                if seq == wanted:
                    return
        step += 10


def build(folder: Path, experiments: int, records: int) -> None:
    with closing(sqlite3.connect(folder / "runs.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        connection.execute("INSERT INTO meta VALUES ('schema', '1')")
        for statement in FIRST.split(";"):
            connection.execute(statement)
        for number in range(experiments):
            id, settings = f"{number:010x}", experiment(number).model_dump_json()
            values = (number, id, settings, versions(), "", "finished", "", 1.7e9 + number, 1.7e9 + number + 60, 0, "")
            connection.execute("INSERT INTO experiments VALUES (?,?,?,?,?,?,?,?,?,?,?)", values)
            connection.execute("INSERT INTO events (experiment, time, kind, text) VALUES (?, 1.7e9, 'running', '')", (id,))
            connection.executemany("INSERT INTO records VALUES (?,?,?,?,?,?,?,?,?,?)", rows(id, max(1, records // experiments)))
        connection.execute("COMMIT")


def compared(store: Store, look: Look) -> str:
    """What the page Compare does until its message is ready: the list, the curves, the groups, JSON."""
    found = store.experiments(COMPARED)
    ids = [one.id for one in found]
    curves = {panel: store.curves(ids, panel.metric, FULL, panel.layer) for panel in PANELS}
    assert len(store.measured(ids)) > len(PANELS)
    sent = message(found, groups(found), curves, look, last_steps(store.finals(ids)))
    assert all(len(panel["lines"]) == len(found) * len(RULES) for panel in sent["panels"])
    return json.dumps(sent)


def timed(work: Callable[[], object]) -> tuple[float, object]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="build it there, which must be empty, and leave it")
    given = parser.parse_args()
    print(describe(), flush=True)
    found: list[list[str]] = []

    def note(what: str, seconds: float, target: str = "") -> None:
        found.append([what, f"{seconds:.2f} s", target])

    with tempfile.TemporaryDirectory() as name:
        folder = given.keep or Path(name)
        folder.mkdir(exist_ok=True)
        note("building it", timed(lambda: build(folder, given.experiments, given.records))[0])
        took, store = timed(lambda: Store(folder))
        assert isinstance(store, Store) and not store.problem, store
        note("opening it with schema 1: the migration", took)
        size = (folder / "runs.sqlite").stat().st_size
        store.close()
        took, store = timed(lambda: Store(folder))
        assert isinstance(store, Store)
        with closing(store):
            note("opening it", took)

            def listed() -> None:
                ids = [one.id for one in store.experiments(given.experiments)]
                assert len(ids) == given.experiments and len(store.finals(ids)) > 0

            note("list of all, with their last values", timed(listed)[0], "≤ 1 s")
            note("the same again", timed(listed)[0], "≤ 1 s")
            ids = [one.id for one in store.experiments(COMPARED)]
            for metric, layer in (("test_error", None), ("signal_angle", 1)):
                took, curves = timed(lambda metric=metric, layer=layer: store.curves(ids, metric, POINTS, layer))
                what = f"{metric} of {COMPARED} experiments, {len(RULES) * COMPARED} runs, {POINTS} points each"
                note(what, took, "≤ 2 s")
            for words, look in LOOKS.items():
                took, sent = timed(lambda look=look: compared(store, look))
                what = f"page Compare, {COMPARED} experiments, {len(PANELS)} panels, {words}: {len(str(sent)) / 1e6:.1f} MB"
                note(what, took, "≤ 2 s")
            records = [Record(0, "train_loss", None, 0.5, step, 0.0, 0, 0.0) for step in range(20)]

            def write() -> None:
                store.create("new", Experiment())
                for _ in range(500):
                    store.add_records("new", records)
                assert store.flush(60)

            note("writing 10,000 records more", timed(write)[0])
            store.delete("new")
    print(f"{given.experiments:,} experiments, {given.records:,} records, {size / 2**20:.0f} MB", flush=True)
    print(table(["what", "takes", "target"], found), flush=True)
    about = f"{given.records:,} records"
    report([Figure(f"{about}: {what}", float(took.split()[0]), "s", target) for what, took, target in found], quiet=True)


if __name__ == "__main__":
    main()
