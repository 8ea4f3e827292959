"""Records as text, made once for all who watch."""

import json

import numpy as np
import pytest

from app.live import shared_records
from app.live.pace import FORGOTTEN
from app.live.packing import Part
from app.live.shared_records import MOMENT, SharedRecords, Which
from dfa_lab.records import Record
from dfa_lab.runs.record_list import RecordList
from tests.pages.clock import Clock

A, B = ("a", 1), ("b", 1)


class Growing:
    """An experiment's records; `read` counts how many were ever asked for."""

    def __init__(self) -> None:
        self.there = RecordList()
        self.read_at: list[int] = []
        self.made = 0

    def grow(self, count: int) -> None:
        steps = range(len(self.there), len(self.there) + count)
        self.there.extend(Record(0, "train_loss", None, 0.5, step, 0.0, 0, 0.0) for step in steps)

    def read(self, which: Which, start: int) -> np.ndarray:
        self.read_at.append(start)
        self.made += len(self.there) - start
        return self.there.table(start)


def steps(parts: list[Part], start: int) -> list[int]:
    """The pieces put together; each begins where the one before ends."""
    found: list[int] = []
    for piece in (json.loads(part.text) for part in parts):
        assert piece["from"] == start + len(found) and piece["step"]
        found += piece["step"]
    return found


def test_a_class_has_every_record_written_down_once_and_misses_nothing(clock: Clock) -> None:
    experiment, shared = Growing(), SharedRecords()
    experiment.grow(10)
    got: dict[int, list[int]] = {visitor: [] for visitor in range(30)}
    for question in range(300):  # each of them every 30th, in turn, while the moments pass
        visitor = question % 30
        had = len(got[visitor])
        got[visitor] += steps(shared.since(A, had, experiment.read, running=True), had)
        experiment.grow(3)
        clock.now += MOMENT / 7
    assert all(mine == list(range(len(mine))) and len(mine) > 700 for mine in got.values())
    assert experiment.made < 1.1 * len(experiment.there)
    had = len(got[0])
    rest = shared.since(A, had, experiment.read, running=False)  # the end: all of it
    assert got[0] + steps(rest, had) == list(range(len(experiment.there)))
    assert shared.since(A, len(experiment.there), experiment.read, running=False) == []


def test_who_has_more_or_less_than_the_others_gets_what_they_lack(clock: Clock) -> None:
    experiment, shared = Growing(), SharedRecords()
    experiment.grow(50)

    def since(start: int, which: Which = A) -> list[int]:
        return steps(shared.since(which, start, experiment.read, True), start)

    assert since(10) == list(range(10, 50))
    experiment.grow(5)
    assert since(45) == [45, 46, 47, 48, 49]  # another place to begin at, the same end
    assert since(50) == []  # within the moment
    assert since(53) == [53, 54]  # further than the moment
    assert since(0) == list(range(55)) and since(0, B) == list(range(55))
    before = experiment.made
    assert since(0) == list(range(55)) and experiment.made == before  # the next who come
    clock.now += 1.1 * FORGOTTEN
    assert since(0) == list(range(55)) and experiment.made > before  # the piece is forgotten


def test_a_number_that_nobody_can_have_spoils_nothing_for_the_others(clock: Clock) -> None:
    experiment, shared = Growing(), SharedRecords()
    assert shared.since(A, 10**9, experiment.read, True) == []
    experiment.grow(20)
    assert shared.since(A, 10**9, experiment.read, True) == []
    assert steps(shared.since(A, 0, experiment.read, True), 0) == list(range(20))
    assert shared.since(A, 10**9, experiment.read, True) == []
    experiment.grow(5)
    clock.now += MOMENT
    assert steps(shared.since(A, 20, experiment.read, True), 20) == list(range(20, 25))


def test_pieces_that_nobody_can_ask_for_any_more_are_forgotten(clock: Clock) -> None:
    experiment, shared = Growing(), SharedRecords()
    had = 0
    for _ in range(200):
        experiment.grow(5)
        had += len(steps(shared.since(A, had, experiment.read, True), had))
        clock.now += 1.0
    assert had == 1000 and experiment.made == 1000
    assert len(shared._seen[A].pieces) <= FORGOTTEN + 1
    shared.since(B, 0, experiment.read, True)
    clock.now += 1.1 * FORGOTTEN
    shared.since(B, 0, experiment.read, True)
    assert list(shared._seen) == [B]


def test_what_has_ended_is_written_down_once_for_all_until_it_goes_on() -> None:
    experiment, shared = Growing(), SharedRecords()
    experiment.grow(30)
    for _ in range(6):
        assert steps(shared.since(A, 0, experiment.read, False, step=30), 0) == list(range(30))
    assert experiment.read_at == [0]
    assert steps(shared.since(A, 20, experiment.read, False, step=30), 20) == list(range(20, 30))
    experiment.grow(5)  # it went on, and ended once more
    assert steps(shared.since(A, 0, experiment.read, False, step=35), 0) == list(range(35))


def test_what_has_ended_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_records, "OVER", 5000)
    experiment, shared = Growing(), SharedRecords()
    experiment.grow(30)
    for number in range(20):
        shared.since(("x", number), 0, experiment.read, False)
    kept = [len(part.text) + len(part.packed) for part in shared._over.values()]
    assert len(kept) > 1 and sum(kept) <= 5000 and (("x", 19), 0) in shared._over
