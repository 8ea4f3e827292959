"""What a person said of an experiment holds after a restart too: paused where it was paused, slow where it was slow."""

import threading
from pathlib import Path

import pytest
from patience import PATIENCE, state, status, tiny, until, until_state, until_step

from dfa_lab import data
from dfa_lab.runs.manager import Manager


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Data are loaded once this is set."""
    opened, load = threading.Event(), data.load

    def waiting(*arguments):
        assert opened.wait(PATIENCE)
        return load(*arguments)

    monkeypatch.setattr(data, "load", waiting)
    return opened


def test_what_was_paused_while_its_data_were_loaded_stays_so(tmp_path: Path, gate: threading.Event) -> None:
    first = Manager(tmp_path)
    paused, resumed = first.start(tiny()), first.start(tiny(), paused=True)
    first.pause(paused)
    first.resume(resumed)
    first.close()
    gate.set()
    second = Manager(tmp_path)
    try:
        until_step(second, resumed, 1)
        assert state(second, paused) == "interrupted"
    finally:
        second.close()


def test_a_fork_and_what_trains_on_stay_paused(tmp_path: Path) -> None:
    first = Manager(tmp_path)
    id = first.start(tiny(epochs=2))
    until_state(first, id, "finished")
    fork = first.fork_at(id, 3, {"epochs": 5}, paused=True)
    until_state(first, fork, "paused")
    first.train_on(id, 4, paused=True)
    until_state(first, id, "paused")
    first.close()
    second = Manager(tmp_path)
    try:
        assert [state(second, one) for one in (id, fork)] == ["interrupted"] * 2
    finally:
        second.close()


def test_its_pace_is_what_was_asked_last(tmp_path: Path) -> None:
    first = Manager(tmp_path)
    ids = [first.start(tiny(), pace=200), first.start(tiny(), pace=200), first.start(tiny())]
    first.set_pace(ids[1], 0.0)
    first.set_pace(ids[2], 150.0)
    for id in ids:
        until(lambda id=id: first.checkpoints.has(id))
    first.store.add_event(ids[0], "pace", "soon")  # of a file that somebody has written
    first.store.add_event(ids[0], "pace", "120")
    first.close()
    second = Manager(tmp_path)
    try:
        assert [status(second, id).pace for id in ids] == [120.0, 0.0, 150.0]
    finally:
        second.close()
