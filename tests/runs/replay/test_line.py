"""Replays wait in one line, in turn by visitor, and nobody asks for many."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dfa_lab.runs.access import Gone
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.replay import line
from dfa_lab.runs.replay.replaying import CannotReplay, Replay
from dfa_lab.runs.replay.replays import Replays
from dfa_lab.runs.rights import PERSON, Visitor
from tests.runs.patience import until

A, B = Visitor("a"), Visitor("b")


class Lab:
    """Replays that end when the test lets them, each asked for by somebody."""

    def __init__(self, folder: Path):
        self.who, self.begun, self.gates = A, [], {}
        self.manager = Manager(folder, who=lambda: self.who)

    def replayed(self, replay: Replay, _: Callable[[], bool]) -> None:
        self.begun.append(replay.step)
        assert self.gate(replay.step).wait(60)
        raise CannotReplay("the end of it")

    def gate(self, step: int) -> threading.Event:
        return self.gates.setdefault(step, threading.Event())

    def ask(self, step: int, who: Visitor = A) -> Replay:
        self.who = who
        return self.manager.replays.ask("x", step)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    found = Lab(tmp_path)
    monkeypatch.setattr(Replays, "_replayed", lambda _, replay, unwanted: found.replayed(replay, unwanted))
    monkeypatch.setattr("dfa_lab.runs.replay.replays.FORGOTTEN", 1e6)
    yield found
    for step in range(40):
        found.gate(step).set()
    found.manager.close()


def test_one_trains_at_a_time_in_turn_by_visitor_and_the_same_step_is_shared(lab: Lab) -> None:
    first, second = lab.ask(1), lab.ask(2)
    until(lambda: lab.begun == [1] and second.ahead == 1)
    third = lab.ask(3, B)
    assert lab.ask(2, B) is second and lab.ask(1, B) is first
    until(lambda: (third.ahead, second.ahead) == (1, 2))
    assert "2 other replays come before it" in second.words() and "another replay comes before it" in third.words()
    lab.gate(1).set()
    until(lambda: first.over and lab.begun == [1, 3])
    lab.gate(3).set()
    until(lambda: third.over and lab.begun == [1, 3, 2])
    lab.gate(2).set()
    until(lambda: second.over)


def test_links_to_many_steps_are_refused_but_two_and_say_when_to_come_again(lab: Lab) -> None:
    asked = [lab.ask(step) for step in range(8)]
    until(lambda: lab.begun == [0])
    assert not any(one.over for one in asked[: line.EACH])
    assert {one.sentence for one in asked[line.EACH :]} == {line.OWN_FULL.format(line.SOME)}
    with pytest.raises(Gone, match="try again in about"):
        lab.manager.replays.look("x", 7, lambda trainer: trainer)
    assert not lab.ask(9, B).over  # others can
    lab.who = A
    lab.manager.replays.leave("x", 1)  # they look at something else
    assert not lab.ask(7).over


def test_the_server_takes_on_so_many(lab: Lab) -> None:
    for number in range(line.MOST):
        assert not lab.ask(number, Visitor(f"v{number}")).over
    assert lab.ask(30).sentence == line.FULL.format(line.SOME)
    assert not lab.ask(30, PERSON).over
    assert threading.active_count() < 60


def test_each_device_has_its_own_turns() -> None:
    turns, replays = line.Line(), [Replay("x", step) for step in range(3)]
    for replay, device in zip(replays, ("cpu", "cuda", "cpu"), strict=True):
        turns.join(replay, device, "a")
    assert [turns.begins(replay) for replay in replays] == [True, True, False]
    turns.leave(replays[0])
    assert turns.begins(replays[2])
