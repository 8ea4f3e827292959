"""Speed: how long something would take here, by what was measured of what trains."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import tiny, until, until_state

from dfa_lab.runs.manager import Manager
from dfa_lab.settings.parsing import parse
from dfa_lab.train.effort import effort, effort_of_step


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def test_nothing_is_said_before_something_was_measured(manager: Manager) -> None:
    assert manager.speed.seconds(tiny()) is None
    id = manager.start(tiny(epochs=1))
    until_state(manager, id, "finished")
    assert manager._lives[id].weight.steps < 20 and manager.speed.seconds(tiny()) is None  # too few to tell


def test_what_is_said_is_the_effort_times_how_much_longer_steps_take_here(manager: Manager) -> None:
    ids = [manager.start(tiny(epochs=200)) for _ in range(3)]
    for id in ids:
        until(lambda id=id: manager._lives[id].weight.steps >= 20)
        manager.stop(id)
        until_state(manager, id, "stopped")
    for id, factor in zip(ids, (1.0, 5.0, 7.0), strict=True):
        manager._lives[id].weight.mean = factor * effort_of_step(tiny(epochs=200))  # type: ignore[arg-type]
    asked = parse({"dataset": "digits", "epochs": 70, "device": "cpu"})
    assert manager.speed.seconds(asked) == pytest.approx(5.0 * effort(asked))


def test_steps_are_measured_from_the_second_on(manager: Manager) -> None:
    id = manager.start(tiny(epochs=30))
    until_state(manager, id, "finished")
    weight, steps = manager._lives[id].weight, manager.status(id)
    assert steps and weight.steps == steps.steps - 1 and weight.mean > 0
