"""Memory is promised before it is used, to all who take much of it: each waits for the others, or is refused with figures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dfa_lab.machine import memory
from dfa_lab.runs import admission, queue
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.promises import NoMemory
from dfa_lab.runs.replay import replays
from tests.runs.patience import state, status, tiny, until, until_state, until_step

GIB = 2**30


class Machine:
    """How much is free, and what each experiment takes."""

    free, takes = 20 * GIB, 6 * GIB


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(memory, "free", lambda: machine.free)
    monkeypatch.setattr(memory, "available", lambda: 40 * GIB)
    monkeypatch.setattr(admission, "taken_by", lambda experiment: machine.takes)
    monkeypatch.setattr(queue, "EVERY", 0.02)
    return machine


@pytest.fixture
def manager(tmp_path: Path, machine: Machine) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def test_what_is_promised_to_others_is_not_an_experiments(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 GiB that are free 18 may be promised."""
    monkeypatch.setattr(admission, "_grows", lambda live: True)
    made = manager.promises.promise(10 * GIB)
    first = manager.start(tiny(epochs=10_000), pace=20.0)
    until_state(manager, first, "running")
    assert manager.promises.left() == 2 * GIB
    with pytest.raises(NoMemory, match=r"it takes up to 3\.2 GB, and 2\.1 GB of memory are free"):
        manager.promises.promise(3 * GIB)
    second = manager.start(tiny(epochs=10_000), pace=20.0)
    assert state(manager, second) == "queued"
    assert "it takes up to 6.4 GB, and 2.1 GB of memory are free" in status(manager, second).sentence
    made.release()
    made.release()
    until_state(manager, second, "running")
    assert manager.promises.left() == 6 * GIB
    with pytest.raises(RuntimeError), manager.promises.kept(GIB):
        assert manager.promises.left() == 5 * GIB
        raise RuntimeError
    assert manager.promises.left() == 6 * GIB


def test_a_replay_waits_for_memory_and_is_refused_where_none_can_come(
    manager: Manager, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "LOOK", 0.01)
    old, small = manager.start(tiny(epochs=2)), manager.start(tiny(epochs=3))
    for id in (old, small):
        until_state(manager, id, "finished")
    machine.free = 2 * GIB
    until(lambda: manager.replays.ask(old, 2).over)
    refused = manager.replays.ask(old, 2)
    assert refused.state == "failed"
    assert "It cannot be replayed now, since it takes up to 6.4 GB, and 1.9 GB of memory are free" in refused.sentence

    machine.takes = GIB
    running = manager.start(tiny(epochs=10_000), pace=20.0)
    until_step(manager, running, 2)
    machine.takes = 6 * GIB
    until(lambda: manager.replays.ask(old, 3).waits)
    said = manager.replays.ask(old, 3).words()
    assert said.startswith("Step 3 is going to be replayed when there is memory for it: it takes up to 6.4 GB, and 1.9 GB of")
    with monkeypatch.context() as patch:
        patch.setattr(admission, "taken_by", lambda experiment: 0)
        until(lambda: manager.replays.ask(old, 3).waits and manager.replays.ask(small, 2).over)
    assert manager.replays.ask(small, 2).state == "ready"  # it was let pass
    machine.free = 20 * GIB
    until(lambda: manager.replays.ask(old, 3).over)
    shown = manager.replays.ask(old, 3)
    assert shown.state == "ready" and not manager.promises.given
    machine.free = 2 * GIB  # and what nobody looks at any more gives its memory back
    monkeypatch.setattr(replays, "FORGOTTEN", -1.0)
    assert [manager.replays._free_some() for _ in range(3)] == [True, True, False]
