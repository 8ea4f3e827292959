"""Records as text, made once for all who watch."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from app.live import shared_records
from app.live.pace import FORGOTTEN
from app.live.packing import Part
from app.live.shared_records import LARGEST, MOMENT, SharedRecords, Which
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


def test_a_long_history_is_written_down_in_pieces_of_bounded_size(clock: Clock) -> None:
    experiment, shared = Growing(), SharedRecords()
    experiment.grow(2 * LARGEST + 7)
    for running in (True, False):
        parts = shared.since(A, 5, experiment.read, running)
        assert steps(parts, 5) == list(range(5, 2 * LARGEST + 7))
        assert [len(json.loads(part.text)["step"]) for part in parts] == [LARGEST, LARGEST, 2]
    assert steps(shared.since(B, LARGEST, experiment.read, True), LARGEST) == list(range(LARGEST, 2 * LARGEST + 7))
    assert [len(json.loads(part.text)["step"]) for part in shared.since(B, 0, experiment.read, True)] == [LARGEST] * 2 + [7]


def test_a_crowd_that_comes_at_once_has_the_history_written_down_once(clock: Clock) -> None:
    experiment, shared = Growing(), SharedRecords()
    experiment.grow(3000)
    everybody, reading, going_on = threading.Barrier(8), threading.Event(), threading.Event()

    def read(which: Which, start: int) -> np.ndarray:
        reading.set()
        assert going_on.wait(60)
        return experiment.read(which, start)

    def come(place: int) -> list[int]:
        everybody.wait(60)
        return steps(shared.since(A, place, read, True), place)

    with ThreadPoolExecutor(8) as crowd:
        for place in (1000, 0):  # the first see nothing before them, the second what others have seen the end of
            coming = [crowd.submit(come, place) for _ in range(8)]
            assert reading.wait(60)
            going_on.set()
            assert all(one.result() == list(range(place, 3000)) for one in coming)
    assert experiment.made == 2000 + 3000


def test_who_asks_all_the_time_is_told_from_who_has_much_to_catch_up_on(clock: Clock) -> None:
    experiment, shared = Growing(), SharedRecords()
    experiment.grow(10)
    assert not shared.follows(A, 0) and not shared.follows(A, 10)
    shared.since(A, 4, experiment.read, True)
    assert shared.follows(A, 4) and shared.follows(A, 10)
    assert not shared.follows(A, 0) and not shared.follows(A, 7) and not shared.follows(B, 4)
    clock.now += 1.1 * FORGOTTEN
    shared.since(A, 10, experiment.read, True)
    assert not shared.follows(A, 4)


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
    kept = [len(part.text) + len(part.packed) for parts in shared._over.values() for part in parts]
    assert len(kept) > 1 and sum(kept) <= 5000 and (("x", 19), 0) in shared._over
