"""What a person said of an experiment holds after a restart too: paused where it was paused, slow where it was slow."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from patience import PATIENCE, state, status, tiny, until, until_state, until_step

from dfa_lab import data
from dfa_lab.runs import continuing
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


def test_what_took_most_stays_where_the_server_was_killed_for_want_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what trained: what waited had taken no memory yet. It goes on by hand alone, also after another restart."""
    monkeypatch.setattr(continuing, "taken_by", lambda experiment: int(experiment.num_hidden) * 10**9)
    first = Manager(tmp_path)
    states = {"running": 6, "loading": 8, "queued": 16, "paused": 12}
    ids = {name: first.start(tiny(num_hidden=n, rules="dfa")) for name, n in states.items()}
    for id in ids.values():
        until(lambda id=id: first.checkpoints.has(id))
    first.pause(ids["paused"])
    first.close()
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as file:  # as a server leaves it that was killed
        file.executemany("UPDATE experiments SET state = ?, server = 'gone' WHERE id = ?", list(ids.items()))
        file.commit()
    second = Manager(tmp_path, starved=True)
    for name in ("running", "queued"):
        until_state(second, ids[name], "running")
    stays = status(second, ids["loading"])
    assert stays.state == "interrupted" and "want of memory while this ran (promised 8.0 GB, more than" in stays.sentence
    assert state(second, ids["paused"]) == "interrupted"
    second.close()
    third = Manager(tmp_path)
    until_state(third, ids["running"], "running")
    assert status(third, ids["loading"]).sentence == stays.sentence
    third.continue_stored(ids["loading"])
    until_state(third, ids["loading"], "running")
    until_step(third, ids["loading"], status(third, ids["loading"]).step + 1)
    third.close()
    fourth = Manager(tmp_path)
    try:
        until_state(fourth, ids["loading"], "running")
    finally:
        fourth.close()
