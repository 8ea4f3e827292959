"""Run to the end of the present epoch, then pause."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE, state, status, tiny, until, until_state, until_step

from dfa_lab.records import Record
from dfa_lab.runs.manager import Manager
from dfa_lab.train.trainer import Trainer


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def test_it_pauses_where_an_epoch_ends(manager: Manager) -> None:
    id = manager.start(tiny(batch_size=100, epochs=500), paused=True)  # 15 steps an epoch
    until_state(manager, id, "paused")
    manager.epoch(id)
    until_step(manager, id, 15)
    until_state(manager, id, "paused")
    assert status(manager, id).step == 15
    assert {r.metric for r in manager.records(id) if r.step == 15} >= {"test_error", "train_loss"}  # all of the last step
    manager.step(id)
    until_step(manager, id, 16)
    manager.epoch(id)
    until_step(manager, id, 30)
    until_state(manager, id, "paused")
    assert status(manager, id).step == 30
    manager.resume(id)  # and then it goes on without end
    until_step(manager, id, 50)
    assert state(manager, id) == "running"
    manager.epoch(id)
    until_state(manager, id, "paused")
    assert status(manager, id).step % 15 == 0 and status(manager, id).step >= 60
    kinds = [event.kind for event in manager.store.events(id)]
    assert kinds[:5] == ["paused", "running", "paused", "running", "paused"]  # it began paused
    manager.stop(id)
    manager.epoch(id)
    assert state(manager, id) == "stopped"


def test_the_step_in_hand_may_be_the_last_of_its_epoch(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, gate, real = threading.Event(), threading.Event(), Trainer.advance
    id = manager.start(tiny(batch_size=1437), paused=True)  # one step an epoch
    until_state(manager, id, "paused")

    def slow(self: Trainer) -> list[Record]:
        inside.set()
        assert gate.wait(PATIENCE)
        return real(self)

    monkeypatch.setattr(Trainer, "advance", slow)
    manager.resume(id)
    assert inside.wait(PATIENCE)
    manager.epoch(id)
    gate.set()
    until(lambda: state(manager, id) == "paused")
    assert status(manager, id).step == 1


def test_the_last_epoch_ends_the_experiment(manager: Manager) -> None:
    id = manager.start(tiny(epochs=1), paused=True)
    until_state(manager, id, "paused")
    manager.epoch(id)
    until_state(manager, id, "finished")
    assert status(manager, id).step == 3
