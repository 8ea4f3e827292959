"""What is heavy trains apart: what is small goes on meanwhile, and nothing is computed otherwise."""

import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE, state, status, tiny, until, until_state, until_step

from dfa_lab.machine.priority import LOWER
from dfa_lab.records import Record
from dfa_lab.runs import scheduler, weight
from dfa_lab.runs.live import Live
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.turns import ROUND, TURN, Turns, lengths
from dfa_lab.runs.weight import Weight
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def names() -> list[str]:
    """Of the threads that train."""
    return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith("train-"))


def test_what_may_last_is_told_before_its_first_step() -> None:
    def heavy(**settings: object) -> bool:
        guessed = Weight()
        guessed.guess(Trainer(parse({"device": "cpu", "rules": "bp", **settings})))
        return guessed.heavy

    assert not heavy(num_hidden=100)
    assert heavy(num_hidden=3000)  # 18 million weights: one sample moves them all
    assert heavy(num_hidden=1000, batch_size=1000)
    assert not heavy(num_hidden=1000, num_layers=1, batch_size=1)


def test_the_weight_follows_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight, "STEPS", 2)
    trainer, measured = Trainer(tiny()), Weight()
    assert not measured.count(trainer, 9.0), "the first step loads what torch had not needed"
    next(trainer)
    assert not measured.count(trainer, weight.LONG) and not measured.heavy
    assert measured.count(trainer, weight.LONG + 0.01) and measured.heavy
    assert not measured.count(trainer, weight.SHORT) and not measured.count(trainer, weight.SHORT + 0.01)  # from the beginning
    assert not measured.count(trainer, 0.0)
    assert measured.count(trainer, 0.0) and not measured.heavy


def test_a_heavy_experiment_does_not_make_a_small_one_stand_still(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    small = manager.start(tiny())
    until_step(manager, small, 1)
    inside, gate, real, niceness = threading.Event(), threading.Event(), Trainer.advance, []

    def lasting(self: Trainer) -> list[Record]:
        if self.experiment.seeds == (7,):
            niceness.append(os.getpriority(os.PRIO_PROCESS, 0))
            inside.set()
            assert gate.wait(PATIENCE)
        return real(self)

    monkeypatch.setattr(weight, "PARAMETERS", 0)
    monkeypatch.setattr(Trainer, "advance", lasting)
    large = manager.start(tiny(seeds="7"))
    assert inside.wait(PATIENCE)
    until_step(manager, small, status(manager, small).step + 20)
    assert names() == ["train-cpu:0", f"train-cpu:0 {large}"] and status(manager, large).step == 0
    assert niceness == [min(19, os.getpriority(os.PRIO_PROCESS, os.getpid()) + LOWER)]
    gate.set()
    until_step(manager, large, 1)
    manager.stop(large)
    until(lambda: names() == ["train-cpu:0"])  # its thread has ended with it


def test_an_experiment_moves_between_two_steps_and_computes_the_same(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    moves = []

    def turn_and_turn(self: Weight, trainer: Trainer, seconds: float) -> bool:
        if trainer.step % 3 == 0 and trainer.between_steps:
            self.heavy = not self.heavy
            moves.append(threading.current_thread().name)
            return True
        return False

    monkeypatch.setattr(Weight, "count", turn_and_turn)
    experiment = tiny(epochs=4, seeds="1")
    id = manager.start(experiment)
    until_state(manager, id, "finished")
    assert len(moves) >= 3 and len(set(moves)) == 2
    alone = [record for records in Trainer(experiment) for record in records]
    here = manager.records(id)
    assert [(r.run, r.metric, r.layer, r.step, r.value) for r in here] == [
        (r.run, r.metric, r.layer, r.step, r.value) for r in alone
    ]
    until(lambda: names() in ([], ["train-cpu:0"]))


def test_what_is_paused_apart_still_hears(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight, "PARAMETERS", 0)
    id = manager.start(tiny(), paused=True)
    until_state(manager, id, "paused")
    manager.step(id)
    until_step(manager, id, 1)
    manager.resume(id)
    until_step(manager, id, 5)
    manager.stop(id)
    until(lambda: not manager.has_networks(id))


def test_the_server_does_not_wait_for_ever_for_a_part_that_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "CLOSING", 0.2)
    inside, gate, real = threading.Event(), threading.Event(), Trainer.advance

    def lasting(self: Trainer) -> list[Record]:
        inside.set()
        assert gate.wait(PATIENCE)
        return real(self)

    manager = Manager(tmp_path)
    monkeypatch.setattr(Trainer, "advance", lasting)
    id = manager.start(tiny())
    assert inside.wait(PATIENCE)
    manager.close()
    assert state(manager, id) == "interrupted"
    gate.set()
    until(lambda: not names())


@pytest.mark.parametrize("count", [2, 20])
def test_visitors_have_equal_parts_of_a_round(count: int) -> None:
    lives = [Live(str(number), tiny(), False, "running", owner="a") for number in range(7)]
    lives += [Live(f"of {number}", tiny(), False, "running", owner=f"b{number}") for number in range(count - 1)]
    parts: dict[str, float] = defaultdict(float)
    for live, seconds in lengths(lives):
        parts[live.owner] += seconds
    assert list(parts.values()) == pytest.approx([min(TURN, ROUND / count)] * count)


def test_one_person_has_wholelengths() -> None:
    lives = [Live(str(number), tiny(), False, "running") for number in range(30)]
    assert [seconds for _, seconds in lengths(lives)] == [ROUND / 30] * 30
    assert [seconds for _, seconds in lengths(lives[:5])] == [TURN] * 5


def test_who_has_taken_longer_than_a_turn_waits_for_some_rounds() -> None:
    """The parts of one visitor's seven are longer than their turns: another's one has as much as they have together."""
    lives = [Live(str(number), tiny(), False, "running", owner="b" if number else "a") for number in range(8)]
    turns, taken = Turns(), defaultdict(float)
    for _ in range(400):
        turns.begin(lives)
        for live in lives:
            while turns.has(live):
                turns.take(live, 0.02)
                taken[live.owner, live.id] += 0.02
    each = [seconds for (owner, _), seconds in taken.items() if owner == "b"]
    assert len(each) == 7 and max(each) <= 1.2 * min(each)
    assert taken["a", "0"] == pytest.approx(sum(each), rel=0.1)


def test_nobody_is_silent_for_a_part_that_lasted() -> None:
    lives = [Live(str(number), tiny(), False, "running") for number in range(2)]
    turns = Turns()
    turns.begin(lives)
    turns.take(lives[0], 60.0)
    rounds = 0
    while not turns.has(lives[0]):
        turns.begin(lives)
        rounds += 1
    assert rounds <= 3
