"""What goes into the store comes out of it, also after it was closed and opened again."""

import json
import math
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from filelock import FileLock, Timeout

from dfa_lab.records import Record
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.experiment import Experiment
from tests.runs.patience import PATIENCE, nobody_waits, until


def record(step: int, value: float | None = 0.1, layer: int | None = 1) -> Record:
    return Record(1, "signal_angle", layer, value, step, step / 3, step * 64, step * 0.001)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "new" / "runs")
    yield store
    store.close()


def test_everything_is_there_after_reopening(store: Store) -> None:
    experiment = Experiment(num_layers=3, seeds=(1, 2), learning_rate=0.1 + 0.2)
    before = time.time()
    store.create("a", experiment, demo=True, title="Tiefe «×»")
    store.create("b", Experiment())
    store.set_state("a", "running")
    store.add_event("a", "started", "on cpu")
    records = [record(i, 1 / (i + 1)) for i in range(700)] + [record(700, None, None), record(701, math.inf)]
    store.add_records("a", records[:1])
    store.add_records("a", records[1:])
    store.set_state("a", "failed", "Out of memory.")
    store.add_event("a", "failed", "Out of memory.")
    store.set_state("b", "stopped")
    store.close()
    with closing(Store(store.folder)) as again:
        assert again.problem == ""
        assert [e.id for e in again.experiments()] == ["b", "a"]
        assert [e.id for e in again.experiments(1, offset=1)] == ["a"]
        a = again.get("a")
        assert a is not None
        assert (a.experiment, a.state, a.sentence, a.title, a.demo) == (
            experiment,
            "failed",
            "Out of memory.",
            "Tiefe «×»",
            True,
        )
        assert before <= a.created <= cast(float, a.finished) <= time.time()
        assert a.versions["python"] == sys.version.split()[0]
        assert again.records("a") == records
        assert again.records("a", 699) == records[699:]
        assert again.count("a") == 702
        assert [(e.kind, e.text) for e in again.events("a")] == [("started", "on cpu"), ("failed", "Out of memory.")]
        assert again.get("none") is None and again.records("none") == [] and again.count("none") == 0
        again.add_records("a", [record(702)])
        assert again.records("a", 701) == [records[701], record(702)]


def test_demonstrations_are_left_out_before_rows_are_counted(store: Store) -> None:
    for n in range(6):
        store.create(f"e{n}", Experiment(), demo=n % 2 == 1)
    assert [e.id for e in store.experiments(2, demos=False)] == ["e4", "e2"]
    assert [e.id for e in store.experiments(2, offset=2, demos=False)] == ["e0"]
    assert len(store.experiments()) == 6


def test_busy_with_its_own_active_experiments(store: Store) -> None:
    for name in "abc":
        store.create(name, Experiment())
    store.set_state("b", "finished")
    with closing(Store(store.folder)) as other:
        other.create("d", Experiment())
        assert other.flush()
        busy = {e.id: store.busy(e) for e in store.experiments()}
        assert busy == {"a": True, "b": False, "c": True, "d": False}
        assert [e.id for e in other.experiments() if other.busy(e)] == ["d"]


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lock files that are held cannot be removed."""
    unlink = Path.unlink

    def refuse_if_held(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("server-") and path.exists():
            lock = FileLock(path, thread_local=False)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                raise PermissionError(13, "is being used by another process") from None
            lock.release()
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse_if_held)


def test_locks_are_let_go_before_they_are_removed(tmp_path: Path, windows) -> None:
    left = tmp_path / f"server-{'0' * 32}.lock"
    left.touch()
    with closing(Store(tmp_path)) as store:
        assert store.problem == "" and not left.exists()
        assert len(list(tmp_path.glob("server-*.lock"))) == 1
    assert list(tmp_path.glob("server-*.lock")) == []


def test_a_lock_that_cannot_be_removed_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"server-{'0' * 32}.lock").touch()

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "is being used by another process")

    monkeypatch.setattr(Path, "unlink", refuse)
    with closing(Store(tmp_path)) as store:
        assert store.problem == ""
    monkeypatch.undo()
    Store(tmp_path).close()
    assert list(tmp_path.glob("server-*.lock")) == []


def test_a_read_sees_what_was_recorded_before_it(store: Store) -> None:
    store.create("a", Experiment())
    for i in range(20):
        store.add_records("a", [record(i)])
        assert store.count("a") == i + 1


def test_commits_by_itself_and_does_not_block(store: Store) -> None:
    store.create("a", Experiment())
    assert store.flush(PATIENCE)
    with closing(sqlite3.connect(store.folder / "runs.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        start = time.thread_time()
        with nobody_waits():
            for i in range(1000):
                store.add_records("a", [record(i)])
        assert time.thread_time() - start < 0.2
        assert not store.flush(0.05)
        other.execute("ROLLBACK")
        assert store.flush(PATIENCE)
        assert store.problem == ""
        store.add_records("a", [record(1000)])
        until(lambda: other.execute("SELECT count(*) FROM records").fetchone() == (1001,), "it is written unasked")


def test_many_threads(store: Store) -> None:
    def work(name: str) -> None:
        store.create(name, Experiment())
        for i in range(50):
            store.add_records(name, [record(i), record(i)])
            assert len(store.records(name, since=i)) == i + 2

    threads = [threading.Thread(target=work, args=(f"e{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.count(f"e{i}") for i in range(6)] == [100] * 6
    assert store.problem == ""


def test_delete(store: Store) -> None:
    for name in "ab":
        store.create(name, Experiment())
        store.add_records(name, [record(0)])
        store.add_event(name, "started")
    store.delete("a")
    store.add_records("a", [record(1)])
    assert store.get("a") is None and store.records("a") == [] and store.events("a") == []
    assert store.count("b") == 1 and len(store.events("b")) == 1


def test_settings_of_other_machines_and_versions(store: Store) -> None:
    store.create("gpu", Experiment().model_copy(update={"device": "cuda:7"}))
    store.create("later", Experiment())
    store.create("broken", Experiment())
    store.flush()
    with closing(sqlite3.connect(store.folder / "runs.sqlite", isolation_level=None)) as other:
        other.execute("UPDATE experiments SET settings = ? WHERE id = 'later'", (json.dumps({"quantum": 3}),))
        other.execute("UPDATE experiments SET settings = '{' WHERE id = 'broken'")
    broken, later, gpu = store.experiments()
    assert gpu.experiment is not None and gpu.experiment.device == "cuda:7"
    assert later.experiment is None and later.settings == {"quantum": 3}
    assert broken.experiment is None and broken.settings == {}


def test_what_cannot_be_written_does_not_hold_up_the_rest(store: Store) -> None:
    store.create("a", Experiment())
    store.add_records("a", [record(0, cast(Any, "wide"))])
    store.add_event("a", "started", cast(Any, object()))
    store.add_records("a", [record(1)])
    assert store.records("a") == [record(1)]
    assert "could not be kept" in store.problem


def test_200k_records_in_and_out(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.create("a", Experiment())
    records = [record(i, i / 7) for i in range(200_000)]
    start = time.perf_counter()
    for i in range(0, len(records), 20):
        store.add_records("a", records[i : i + 20])
    queued = time.perf_counter()
    assert store.flush(60)
    written = time.perf_counter()
    assert store.records("a") == records
    read = time.perf_counter()
    times = f"queued {queued - start:.2f} s, written {written - start:.2f} s, read {read - written:.2f} s"
    with capsys.disabled():
        print(f"\n200k records: {times}, {(store.folder / 'runs.sqlite').stat().st_size / 2**20:.0f} MiB")
