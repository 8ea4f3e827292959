"""Replays show the networks as they were: bit for bit those of the run, whatever happened to it on its way."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dfa_lab.feedback.changing import Change
from dfa_lab.runs.access import Gone
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.replay import replays, snapshots
from dfa_lab.runs.replay.replaying import BACK, Replay
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.trainer import Trainer
from tests.holding import held
from tests.runs.patience import PATIENCE, status, tiny, until, until_state, until_step

Seen = tuple[int, dict[str, Tensor]]  # step, everything that the next step depends on but the tallies' own order
VARIED = {
    "all at once": {"rules": "bp,fa,dfa", "dropout": 1, "augment": 1, "momentum": 0.9, "optimizer": "sgd"},
    "schedule": {
        **{"rules": "dfa", "seeds": "0,1", "learning_rate_decay": 1e-3, "epoch_step": 5, "optimizer": "muon"},
        **{"schedule": "cosine", "warm_up": 8},
    },
}


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "FIRST", 0.03)
    monkeypatch.setattr(snapshots, "COST", 1)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def copy(trainer: Trainer) -> Seen:
    tensors, _ = trainer.state()
    return trainer.step, {name: tensor.clone() for name, tensor in tensors.items()}


def caught(manager: Manager, id: str, after: int) -> Seen:
    """The state of the run itself, from some step after this one; what is changed next is changed at a later one."""
    until_step(manager, id, after)
    seen = manager.look(id, copy, wait=PATIENCE)
    until_step(manager, id, seen[0] + 1)
    return seen


def ready(manager: Manager, id: str, step: int) -> Replay:
    until(lambda: manager.replays.ask(id, step).over)
    return manager.replays.ask(id, step)


def same(manager: Manager, id: str, seen: Seen) -> None:
    step, tensors = seen
    found = ready(manager, id, step)
    assert found.state == "ready" and found.exact and "Not exactly" not in found.note, found
    again, others = manager.replays.look(id, step, copy)
    assert again == step and others.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, others[name]), (step, name)


@pytest.mark.parametrize("settings", VARIED.values(), ids=VARIED.keys())
def test_every_step_is_that_of_the_run_while_it_runs_after_it_and_after_a_restart(
    manager: Manager, tmp_path: Path, settings: dict
) -> None:
    id = manager.start(tiny(**settings), pace=400)
    seen = [caught(manager, id, 1), caught(manager, id, 15)]
    manager.set_learning_rate(id, 0.02)
    seen.append(caught(manager, id, 25))
    until_step(manager, id, seen[-1][0] + 1)  # what is changed at a step belongs to that step's state
    manager.change_feedback(id, Change("flip", 1))
    manager.change_feedback(id, Change("redraw", 2, "bp"))  # of no effect, but the next one's numbers are others then
    manager.change_feedback(id, Change("redraw", 1, "dfa"))
    manager.change_feedback(id, Change("flip", 1, "dfa", unit=2, row=1))
    seen += [caught(manager, id, 35), caught(manager, id, 50)]
    for one in (seen[-2], seen[0]):
        same(manager, id, one)  # while it runs
    copied = manager.fork(id, paused=True)
    until_state(manager, copied, "paused")
    manager.stop(id)
    until(lambda: manager._lives[id].trainer is None)
    manager.snapshots.flush()
    assert len(manager.snapshots.steps(id)) > 2
    manager.close()
    again = Manager(tmp_path)
    try:
        for one in reversed(seen):
            same(again, id, one)
        same(again, copied, seen[3])  # of a copy, also what was before it
        losses = ready(again, id, seen[-1][0] - 1)
        assert "bit for bit" in losses.note or "saved at this step" in losses.note
    finally:
        again.close()


def test_steps_back_begin_near_and_are_right(manager: Manager) -> None:
    experiment = tiny(rules="dfa", epochs=40)  # of 3 steps
    id = manager.start(experiment)
    until_state(manager, id, "finished")
    manager.snapshots.remove(id)
    assert ready(manager, id, 100).begun == 0
    before = ready(manager, id, 99)
    assert before.begun == 100 - BACK and before.exact
    alone = Trainer(experiment)
    for _ in range(99):
        next(alone)
    same(manager, id, copy(alone))
    for _ in range(2):  # who begins there leaves it as it was
        manager.replays._known.clear()
        assert ready(manager, id, 98).begun == 100 - BACK and ready(manager, id, 98).exact


def test_a_replay_leaves_the_training_as_it_is(manager: Manager) -> None:
    experiment = tiny(epochs=30, dropout=1, measure_every=7)

    def running() -> bool:
        return status(manager, id).state in ("loading", "running")

    def later() -> bool:
        return status(manager, id).step - 5 > at or not running()

    with held(after=50):
        id, at = manager.start(experiment), 0
        while at <= 20:
            until(later)
            at = max(at, status(manager, id).step - 5)
            ready(manager, id, at)
    while running():
        until(later)
        at = max(at, status(manager, id).step - 5)
        ready(manager, id, at)
    alone = [record._replace(seconds=0.0) for records in Trainer(experiment) for record in records]
    assert at > 20 and [record._replace(seconds=0.0) for record in manager.records(id)] == alone


def test_what_diverged_is_shown_as_long_as_it_was_finite(manager: Manager) -> None:
    id = manager.start(tiny(rules="bp", optimizer="sgd"), pace=300)
    seen = caught(manager, id, 20)
    manager.set_learning_rate(id, 1e38)
    until_state(manager, id, "failed")
    last, failed = manager.reached(status(manager, id)), status(manager, id).step
    assert seen[0] <= last < failed
    same(manager, id, seen)
    assert ready(manager, id, last).state == "ready"
    if failed % (status(manager, id).steps // 10_000) == 0:
        return  # the test after an epoch found it: the step before was finite and can be shown
    assert ready(manager, id, failed).state == "failed" and "finite" in ready(manager, id, failed).sentence
    with pytest.raises(Gone, match="finite"):
        manager.replays.look(id, failed, copy)


def test_a_damaged_snapshot_is_left_out_in_words(manager: Manager) -> None:
    id = manager.start(tiny(rules="dfa", epochs=60))
    until_state(manager, id, "finished")
    manager.snapshots.flush()
    steps = manager.snapshots.steps(id)
    path = manager.snapshots._path(id, steps[-1])
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = ready(manager, id, steps[-1])
    assert found.state == "ready" and f"The snapshot of step {steps[-1]:,} is damaged and was left out." in found.note
    assert found.begun in (0, *steps[:-1])


def test_what_cannot_be_trained_again_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = Manager(tmp_path)
    ids = [first.start(tiny(epochs=2)) for _ in range(3)]
    for id in ids:
        until_state(first, id, "finished")
    first.close()
    with closing(sqlite3.connect(tmp_path / "runs.sqlite", isolation_level=None)) as other:
        change = "UPDATE experiments SET settings = json_set(settings, ?, ?) WHERE id = ?"
        other.execute(change, ("$.new_in_2099", 1, ids[0]))
        other.execute(change, ("$.dataset", "mnist", ids[1]))
        other.execute("INSERT INTO events (experiment, time, kind, text) VALUES (?, 0, 'change', '{')", (ids[2],))
    monkeypatch.setenv("DFA_LAB_DATA", str(tmp_path / "nothing"))
    again = Manager(tmp_path)
    try:
        for id, words in zip(ids, (replays.OTHER_VERSION, "MNIST", replays.UNREADABLE), strict=True):
            again.snapshots.remove(id)
            found = ready(again, id, 1)
            assert found.state == "failed" and words in found.sentence, found.sentence
            assert "Traceback" not in found.sentence and "error in the lab" not in found.sentence
    finally:
        again.close()


def test_nobody_waits_and_it_is_given_up(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replays, "SOON", 0.0)
    id = manager.start(tiny(epochs=3))
    until_state(manager, id, "finished")
    manager.store.set_state(id, "stopped")
    monkeypatch.setattr(Trainer, "done", property(lambda _: False))
    far = manager.replays.ask(id, 10**9)
    until(lambda: far.state == "replaying" and far.now > far.begun)
    assert 0 < far.share < 1 and "being replayed from step" in far.words()
    with pytest.raises(Gone, match="the pictures follow"):
        manager.replays.look(id, 10**9, copy)
    monkeypatch.setattr(replays, "FORGOTTEN", 0.2)
    manager.replays.leave(id, 10**9)
    until(lambda: far.state == "forgotten")
    manager.delete(id)
    assert manager.replays._known == {} and manager.snapshots.steps(id) == []


def test_memory_is_bounded(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    id = manager.start(tiny(rules="dfa", epochs=10))
    until_state(manager, id, "finished")
    for step in range(2 * replays.KEPT):
        ready(manager, id, step)
    until(lambda: sum(one.trainer is not None for one in manager.replays._known.values()) == replays.KEPT)
    monkeypatch.setattr(replays, "BYTES", 1)
    ready(manager, id, 20)
    until(lambda: [one.step for one in manager.replays._known.values()] == [20])


def test_how_long_it_takes_is_told_before(manager: Manager) -> None:
    experiment: Experiment = tiny(rules="bp,dfa", epochs=40)
    id = manager.start(experiment)
    until_state(manager, id, "finished")
    manager.snapshots.remove(id)
    began, told = time.monotonic(), manager.replays.seconds(id, 120)
    ready(manager, id, 120)
    assert 0 < told < 20 * (time.monotonic() - began)
    assert manager.replays.seconds(id, 120) == 0
