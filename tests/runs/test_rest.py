"""Memory that training has used goes back to the system once nobody trains any more."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dfa_lab.runs import rest
from dfa_lab.runs.manager import Manager
from tests.runs.patience import tiny, until, until_state, until_step


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many experiments are active, the demonstration among them, each time that memory is given back."""
    monkeypatch.setattr(rest, "EVERY", 0.01)
    return []


@pytest.fixture
def manager(tmp_path: Path, given: list[int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    monkeypatch.setattr(rest, "give_back", lambda: given.append(sum(one.trainer is not None for one in manager._lives.all())))
    yield manager
    manager.close()


def test_once_the_last_one_has_ended_and_not_before(manager: Manager, given: list[int]) -> None:
    demo = manager.demo()
    until_step(manager, demo, 1)
    ids = [manager.start(tiny()) for _ in range(2)]
    for id in ids:
        until_step(manager, id, 1)
    manager.stop(ids[0])
    until_state(manager, ids[0], "stopped")
    manager.pause(ids[1])
    assert given == []
    manager.stop(ids[1])
    until(lambda: given)
    until_step(manager, demo, manager.status(demo).step + 1)  # type: ignore[union-attr]
    until(lambda: not manager._scheduler._rest._watch._watching)
    assert given == [1]
