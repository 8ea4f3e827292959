"""A folder of runs that may take only so much: snapshots go, records and settings never, and what is new is refused."""

from pathlib import Path

import pytest
from patience import status, tiny, until, until_state, until_step

from dfa_lab.runs import quota
from dfa_lab.runs.disk_space import measure
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.quota import Quota, QuotaError, parse_size
from dfa_lab.runs.replay import snapshots
from dfa_lab.settings.experiment import SettingsError
from tests.holding import held


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "EVERY", -1.0)
    monkeypatch.setattr(snapshots, "FIRST", 0.0)
    monkeypatch.setattr(snapshots, "COST", 0)


def test_sizes_as_people_write_them() -> None:
    sizes = {"20GB": 20 * 10**9, "1.5 tb": 15 * 10**11, "500": 500, " 7kB ": 7000, "": None}
    assert {text: parse_size(text) for text in sizes} == sizes
    for wrong in ("much", "-1GB", "0", "1e3", "20 GiB", "9" * 400):
        with pytest.raises(QuotaError, match=r"give a size above 0 such as 500MB"):
            parse_size(wrong)


def test_one_that_cannot_be_read_is_told_and_limits_nothing(tmp_path: Path) -> None:
    wrong = Quota(tmp_path, "much")
    assert "'much'" in wrong.problem and wrong.room() is None and not wrong.full


def test_the_oldest_snapshots_go_and_then_nothing_new_begins(tmp_path: Path) -> None:
    manager = Manager(tmp_path)
    old = manager.start(tiny(epochs=10))
    until_state(manager, old, "finished")
    manager.snapshots.flush()
    assert len(manager.snapshots.steps(old)) > 2
    kept = measure(tmp_path).total - measure(tmp_path).kinds["snapshots"]
    manager.close()

    some = Manager(tmp_path, quota=str(kept + 8_000_000))
    before = some.store.records(old)
    new = some.start(tiny(epochs=12, num_hidden=200, threads=1))
    until_state(some, new, "finished")
    some.snapshots.flush()
    assert some.snapshots.steps(old) == [] and some.snapshots.steps(new)[-1] == 36
    assert measure(tmp_path).kinds["snapshots"] <= 8_000_000
    assert some.store.records(old) == before and some.store.count(new) == len(some.records(new))
    until(lambda: some.replays.ask(old, 5).over)
    assert some.replays.ask(old, 5).exact  # what is gone is trained again
    some.close()

    none = Manager(tmp_path, quota="50kB")
    try:
        assert "of the 50.0 kB that they may (--quota)" in none.problem and none.problem == none.quota.full
        for begin in (lambda: none.start(tiny()), lambda: none.start(tiny(), keep=True), lambda: none.fork_at(old, 3, {})):
            with pytest.raises(SettingsError, match="until some are removed for good under Free space"):
                begin()
        assert len(none.store.experiments()) == 2
        demo = none.start(tiny(epochs=4), demo=True)  # which is gone in a moment
        until_state(none, demo, "finished")
        assert none.store.records(old) == before
    finally:
        none.close()


def test_what_runs_when_it_is_reached_is_recorded_to_its_end(tmp_path: Path) -> None:
    manager = Manager(tmp_path, quota="10MB")
    try:
        with held(after=30):
            id = manager.start(tiny(epochs=20))
            until_step(manager, id, 20)
            assert not manager.problem
            (tmp_path / "somebody's film").write_bytes(bytes(9_050_000))
            assert "of the 10.0 MB that they may" in manager.problem and "Past steps of old" in manager.problem
            assert not manager.quota.full
            (tmp_path / "another").write_bytes(bytes(1_000_000))
            assert manager.quota.full and status(manager, id).state == "running"
        until_state(manager, id, "finished")
        assert manager.store.count(id) == len(manager.records(id)) and manager.records(id)[-1].step == 60
        manager.snapshots.flush()
        assert manager.snapshots.steps(id) == []
    finally:
        manager.close()
