"""One visitor's bytes are no other's: each has a limit of their own, and a full server refuses those who fill it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dfa_lab.records import Record
from dfa_lab.runs import overdrawing, quota, shares
from dfa_lab.runs.disk_space import measure, removed, size
from dfa_lab.runs.limits import Limits
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.quota import Room
from dfa_lab.runs.rights import NotAllowed, Visitor
from dfa_lab.settings.experiment import SettingsError
from tests.runs.patience import status, tiny, until, until_state, until_step

KEEPER, ANN, BOB = Visitor("", administrator=True), Visitor("ann"), Visitor("bob")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "EVERY", -1.0)
    monkeypatch.setattr(shares, "EVERY", -1.0)


def refused(begin: Callable[[], object], text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        begin()
    assert text in caught.value.problems[0] and "Free space" in caught.value.problems[0]


def test_a_visitor_who_fills_the_disk_refuses_nobody_else(tmp_path: Path) -> None:
    acting, no_room = [ANN], Room(0, "", "")
    manager = Manager(tmp_path, quota="1MB", who=lambda: acting[0])
    try:
        mine = manager.start(tiny(epochs=1))
        until_state(manager, mine, "finished")
        manager.store.add_records(mine, [Record(0, "train_loss", None, 0.5, step, 1.0, 64, 0.1) for step in range(20_000)])
        manager.checkpoints.beside(mine).mkdir(parents=True)
        (manager.checkpoints.beside(mine) / "net.safetensors").write_bytes(bytes(300_000))
        manager.store.flush()
        assert manager.shares.of("ann") > 1_000_000 and "bob" not in manager.shares.all()
        for begin in (
            lambda: manager.start(tiny()),
            lambda: manager.start(tiny(), keep=True),
            lambda: manager.fork(mine, paused=True),
            lambda: manager.fork_at(mine, 1, {"learning_rate": 0.02}),
        ):
            refused(begin, "more than an equal part")
        assert manager.quota.left() == Room(0, "the runs of this server", " (--quota)") and "Yours take" in manager.problem
        acting[0] = BOB
        assert manager.problem.endswith(
            "Past steps of old experiments are no longer kept: remove some for good under Free space on the page Experiments."
        )
        assert (manager.quota.left() or no_room).bytes == 500_000  # an equal part of it
        his = manager.start(tiny(epochs=1))
        until_state(manager, his, "finished")
        assert 0 < manager.shares.of("bob") < 100_000

        acting[0] = KEEPER
        assert manager.shares.all().keys() == {"ann", "bob"}
        refused(lambda: manager.start(tiny()), "of the 1.0 MB that they may (--quota)")
        manager.quota.most = None
        manager.snapshots.flush()
        assert manager.shares.snapshots().keys() <= {"ann", "bob"}
        past = tmp_path / "snapshots" / his / "2.safetensors"
        past.parent.mkdir(exist_ok=True)
        past.write_bytes(bytes(5000))
        assert manager.shares.snapshots()["bob"] == sum(size(path) for path in past.parent.iterdir()) >= 5000
        assert manager.shares.total() == sum(manager.shares.all().values()) + sum(manager.shares.snapshots().values())
        manager.start(tiny(epochs=1))
        manager.rights.set_limits(Limits(disk=1))
        acting[0] = ANN
        refused(lambda: manager.start(tiny()), "Your experiments take")
        assert "of the 1.0 MB that one visitor's may" in manager.problem
        assert manager.quota.left() == Room(0, "your experiments", "")
        acting[0] = BOB
        assert manager.problem == "" and 900_000 < (manager.quota.left() or no_room).bytes < 1_000_000

        with pytest.raises(NotAllowed):
            manager.purge(mine)
        acting[0] = ANN
        manager.remove(mine)
        refused(lambda: manager.start(tiny()), "Your experiments take")  # they are there still
        assert removed(manager.store, "ann").ids == (mine,) and removed(manager.store, "bob").ids == ()
        said = manager.purge(*removed(manager.store, "ann").ids)
        assert " MB are free for what comes next." in said and not manager.checkpoints.beside(mine).exists()
        until_state(manager, manager.start(tiny(epochs=1)), "finished")
        before = measure(tmp_path).kinds["database"]
        acting[0] = KEEPER
        assert manager.purge(his).endswith("given back.") and measure(tmp_path).kinds["database"] < before / 5
        assert "bob" not in manager.shares.all()
    finally:
        manager.close()


def test_a_training_without_end_pauses_where_there_is_no_more_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overdrawing, "EVERY", 0.02)
    acting = [ANN]
    manager = Manager(tmp_path, who=lambda: acting[0])
    try:
        manager.rules.limits = Limits(disk=1)
        hers = manager.start(tiny(epochs=10_000), pace=20.0)
        acting[0] = BOB
        his = manager.start(tiny(epochs=10_000), pace=20.0)
        for id in (hers, his):
            until_step(manager, id, 2)
        film = tmp_path / "checkpoints" / f"{hers}.film"
        film.parent.mkdir(exist_ok=True)
        film.write_bytes(bytes(1_100_000))
        until_state(manager, hers, "paused")
        said = status(manager, hers).sentence
        assert said.startswith("It was paused, as your experiments take 1.") and "of the 1.0 MB that one visitor's may" in said
        at = status(manager, his).step
        until_step(manager, his, at + 2)  # others go on
        film.unlink()
        until(lambda: not status(manager, hers).sentence)
        acting[0] = ANN
        at = status(manager, hers).step
        manager.resume(hers)
        until_step(manager, hers, at + 2)
    finally:
        manager.close()
