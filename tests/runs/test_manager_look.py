"""Looking at the networks of an experiment while it is trained: soon, between steps, and without a trace."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from patience import PATIENCE, state, status, tiny, until, until_state, until_step

from dfa_lab.inspect.mistakes import ask, moved
from dfa_lab.inspect.representations import activities
from dfa_lab.runs.access import BUSY, GONE, LOOKING, NOT_YET, Gone
from dfa_lab.runs.manager import Manager
from dfa_lab.train.trainer import Trainer
from tests.holding import held


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def glance(trainer: Trainer) -> int:
    """A little of everything, at every run."""
    assert trainer.between_steps
    x, t = trainer.data.inputs(trainer.data.x_test[:50]), trainer.data.y_test[:50]
    for run in trainer.runs:
        ask(run.network, "bce", x, t)
        moved(run.network, "bce", x, t, 0.1)
        activities(run.network, x)
    return trainer.step


def test_looking_all_the_time_does_not_change_the_training(manager: Manager) -> None:
    experiment = tiny(epochs=20, dropout=1, batchnorm=1, measure_every=7)
    alone = [record._replace(seconds=0.0) for records in Trainer(experiment) for record in records]
    torch.manual_seed(5)
    numbers = torch.get_rng_state()
    seen: list[int] = []

    def look() -> None:
        try:
            seen.append(manager.look(id, glance, wait=PATIENCE))
        except Gone:
            time.sleep(0.002)

    with held(after=40):  # of 60: it is not over before it was looked at
        id = manager.start(experiment)
        while len(set(seen)) <= 5:
            look()
    while state(manager, id) in ("loading", "running"):
        look()
    assert [record._replace(seconds=0.0) for record in manager.records(id)] == alone
    assert seen == sorted(seen) and len(set(seen)) > 5
    assert torch.equal(numbers, torch.get_rng_state())


def test_a_look_comes_soon_at_full_speed_and_the_training_goes_on(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    id = manager.start(tiny())
    until_step(manager, id, 3)
    monkeypatch.setattr("dfa_lab.runs.access.LONGEST", PATIENCE)
    began = time.process_time()  # of this thread and the one that trains, whatever else the machine does
    step = 0
    for _ in range(20):
        step = manager.look(id, glance, wait=PATIENCE)
    assert time.process_time() - began < 20 * LOOKING
    until_step(manager, id, step + 20)


def test_a_paused_experiment_can_be_looked_at_and_stays_where_it_is(manager: Manager) -> None:
    id = manager.start(tiny(), paused=True)
    until_state(manager, id, "paused")
    assert manager.look(id, glance) == 0 == status(manager, id).step


def test_who_cannot_be_looked_at_says_why(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Gone, match="Reset"):
        manager.look("nobody", glance)
    id = manager.start(tiny(epochs=2))
    until_state(manager, id, "finished")
    until(lambda: manager._lives[id].trainer is None)
    with pytest.raises(Gone) as gone:
        manager.look(id, glance)
    assert str(gone.value) == GONE
    gate = threading.Event()
    monkeypatch.setattr("dfa_lab.runs.scheduler.Trainer.__init__", lambda *_, **__: gate.wait(PATIENCE))
    waiting = manager.start(tiny())
    with pytest.raises(Gone) as gone:
        manager.look(waiting, glance)
    assert str(gone.value) == NOT_YET
    manager.stop(waiting)
    gate.set()


def test_a_long_step_is_looked_into_and_an_endless_one_is_not_waited_for(manager: Manager, monkeypatch) -> None:
    gate, real = threading.Event(), Trainer.advance
    monkeypatch.setattr("dfa_lab.runs.access.LOOKING", 0.05)
    monkeypatch.setattr("dfa_lab.runs.access.LONGEST", PATIENCE)
    monkeypatch.setattr(Trainer, "between_steps", property(lambda _: False))
    id = manager.start(tiny())
    until(lambda: manager._lives[id].trainer is not None)
    assert manager.look(id, lambda trainer: trainer.between_steps) is False
    monkeypatch.undo()

    inside = threading.Event()

    def slow(self: Trainer):
        inside.set()
        gate.wait(PATIENCE)
        return real(self)

    monkeypatch.setattr("dfa_lab.runs.access.LONGEST", 0.3)
    monkeypatch.setattr(Trainer, "advance", slow)
    assert inside.wait(PATIENCE)
    with pytest.raises(Gone) as gone:
        manager.look(id, glance)
    assert str(gone.value) == BUSY and not manager._lives[id].onlookers
    gate.set()
