"""What finds no place or no memory waits, is told its place, and has its turn; nobody locks the others out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from dfa_lab import data
from dfa_lab.machine import memory
from dfa_lab.runs import admission, queue
from dfa_lab.runs.admission import NOT_YOURS, SET_ASIDE
from dfa_lab.runs.limits import TOO_MANY_WAIT, Limits
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.replay import snapshots
from dfa_lab.runs.rights import Visitor
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.train.preflight import needed
from dfa_lab.train.trainer import Trainer
from tests.runs.patience import state, status, tiny, until, until_state, until_step

GIB = 2**30


class Room:
    """A manager with few places, and whoever acts."""

    def __init__(self, folder: Path):
        self.who = Visitor("", administrator=True)
        self.manager = Manager(folder, who=lambda: self.who)

    def begin(self, who: str = "", **options: object) -> str:
        self.who = Visitor(who, administrator=not who)
        return self.manager.start(tiny(epochs=10_000), **{"pace": 20.0} | options)  # type: ignore[arg-type]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr(queue, "EVERY", 0.02)
    room = Room(tmp_path)
    room.manager.rules.limits = Limits(places=3, running=2, waiting=2)
    yield room
    room.who = Visitor("", administrator=True)
    room.manager.close()


def running(room: Room, *ids: str) -> None:
    for id in ids:
        until_state(room.manager, id, "running")


def test_what_has_no_place_waits_and_begins_when_there_is_one(room: Room) -> None:
    first = [room.begin() for _ in range(3)]
    running(room, *first)
    until(lambda: all(status(room.manager, id).left for id in first))
    waiting, last = room.begin(), room.begin(paused=True)
    assert state(room.manager, waiting) == state(room.manager, last) == "queued"
    said = status(room.manager, waiting).sentence
    assert said.startswith("1st in the queue, about ") and "3 experiments are running or paused on this server" in said
    assert status(room.manager, last).sentence.startswith("2nd in the queue, about ")
    room.manager.demo()  # is for everyone and takes no place
    room.manager.stop(first[1])
    until_step(room.manager, waiting, 2)
    assert status(room.manager, waiting).sentence == "" and status(room.manager, last).sentence.startswith("1st")
    room.manager.stop(last)  # gives up its turn
    assert state(room.manager, last) == "stopped"


def test_one_visitor_does_not_lock_the_others_out(room: Room) -> None:
    ann = [room.begin("ann") for _ in range(4)]
    running(room, *ann[:2])
    assert [state(room.manager, id) for id in ann[2:]] == ["queued"] * 2
    assert "you have 2 running or paused, as many as one visitor may have here" in status(room.manager, ann[2]).sentence
    with pytest.raises(SettingsError) as caught:
        room.begin("ann")
    assert caught.value.problems == [TOO_MANY_WAIT.format(2)]
    bob = room.begin("bob")
    running(room, bob)
    cleo = room.begin("cleo")
    assert state(room.manager, cleo) == "queued" and status(room.manager, cleo).sentence.startswith("1st")
    assert NOT_YOURS in status(room.manager, cleo).sentence  # she has nothing that she could stop
    room.who = Visitor("ann")
    room.manager.stop(ann[0])
    running(room, cleo)  # who has none comes before whoever has one, however long they wait
    assert [state(room.manager, id) for id in ann[2:]] == ["queued"] * 2


def test_a_copy_does_not_wait_for_it_would_be_of_another_step(room: Room) -> None:
    ids = [room.begin() for _ in range(3)]
    running(room, *ids)
    with pytest.raises(SettingsError, match=r"It cannot begin now, since 3 experiments .* Stop one on the page Experiments"):
        room.manager.fork(ids[0], paused=True)


def test_what_is_left_paused_gives_up_its_place_and_can_go_on(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    left, other, third = (room.begin() for _ in range(3))
    running(room, left, other, third)
    for id in (left, other):
        until_step(room.manager, id, 2)
        room.manager.pause(id)
        until_state(room.manager, id, "paused")
    at = status(room.manager, left).step
    waiting = room.begin()
    assert state(room.manager, waiting) == "queued"
    monkeypatch.setattr(admission, "ASIDE", 0.0)
    running(room, waiting)
    assert state(room.manager, left) == "stopped" and status(room.manager, left).sentence == SET_ASIDE
    assert state(room.manager, other) == "paused"  # one place was wanted, and it was touched later
    room.manager.stop(third)
    room.manager.train_on(left, 20_000)
    until_step(room.manager, left, at + 2)


def test_memory_is_promised_before_it_is_used(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 GiB that are free 18 may be promised: two of 6 GiB besides what the first holds, which has not taken it yet."""
    monkeypatch.setattr(memory, "free", lambda: 20 * GIB)
    monkeypatch.setattr(admission, "taken_by", lambda experiment: 6 * GIB)
    monkeypatch.setattr(admission, "_grows", lambda live: True)
    room.manager.rules.limits = Limits()
    ids = [room.begin() for _ in range(4)]
    running(room, *ids[:3])
    assert state(room.manager, ids[3]) == "queued"
    assert "it takes up to 6.4 GB, and 0 bytes of memory are free" in status(room.manager, ids[3]).sentence
    room.manager.stop(ids[0])
    running(room, ids[3])


def test_what_nothing_can_make_room_for_is_refused_with_the_figures(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda: GIB)
    monkeypatch.setattr(admission, "taken_by", lambda experiment: 6 * GIB)
    with pytest.raises(SettingsError, match=r"it takes up to 6.4 GB, and 966.4 MB of memory are free\. Take fewer or smaller"):
        room.begin()


def test_eight_wide_networks_are_not_all_let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the fault that this mends: adam, five layers of 8,000 units, 6 GB each."""
    wide = tiny(num_layers=5, num_hidden=8000, rules="bp", batch_size=1, optimizer="adam")
    assert 5e9 < admission.taken_by(wide) < 8e9


def test_the_copy_for_a_snapshot_is_promised_too(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tiny(num_hidden=100, rules="bp,fa,dfa", optimizer="adam")
    networks = needed(settings, data.facts_of(settings))
    trainer = Trainer(settings)
    next(trainer)
    state = sum(tensor.nbytes for tensor in trainer.state()[0].values())
    admission._needed.cache_clear()
    assert networks + state <= admission.taken_by(settings) <= 1.5 * networks + 1
    monkeypatch.setattr(snapshots, "BYTES", 1000)  # larger ones are not taken
    admission._needed.cache_clear()
    assert admission.taken_by(settings) == networks + 1000
    monkeypatch.setattr(admission, "resolve", lambda *_: torch.device("cuda", 0))
    admission._needed.cache_clear()
    assert admission.taken_by(settings) == 1000  # the rest is the GPU's
    admission._needed.cache_clear()
