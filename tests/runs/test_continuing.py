"""An experiment that goes on, and one that is forked off another, train bit for bit as if nobody had interfered."""

import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import torch
from patience import PATIENCE, status, tiny, until, until_state, until_step
from torch import Tensor
from typer.testing import CliRunner

from dfa_lab.cli.main import app
from dfa_lab.feedback.changing import Change
from dfa_lab.machine import device
from dfa_lab.runs import midway_start
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.replay.history import by_hand
from dfa_lab.runs.replay.origin import origin_of
from dfa_lab.runs.replay.replays import Replay
from dfa_lab.runs.resuming import ContinueError
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.train.midway import go_on
from dfa_lab.train.trainer import Trainer

ALL_AT_ONCE = {"rules": "bp,fa,dfa", "dropout": 1, "augment": 1, "momentum": 0.9, "optimizer": "sgd", "epoch_step": 3}
ADAM = {"rules": "dfa", "seeds": "0,1", "optimizer": "adam", "learning_rate_decay": 1e-3, "epoch_step": 0}


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def uninterrupted(experiment: Experiment, *acts: tuple[int, object], until_step: int | None = None) -> Trainer:
    """The oracle: one trainer from the settings to the end, with what a person does after these steps. Made once for all."""
    return _uninterrupted(experiment.model_dump_json(), *acts, until_step=until_step)


@cache
def _uninterrupted(settings: str, *acts: tuple[int, object], until_step: int | None) -> Trainer:
    trainer, left = Trainer(Experiment.model_validate_json(settings)), list(acts)
    while not trainer.done and trainer.step != until_step:
        while left and left[0][0] == trainer.step:
            _, what = left.pop(0)
            trainer.change_feedback(what) if isinstance(what, Change) else trainer.set_learning_rate(float(str(what)))
        next(trainer)
    assert not left
    return trainer


def last_state(manager: Manager, id: str) -> dict[str, Tensor]:
    """Of its last snapshot, which is taken when it ends."""
    until_state(manager, id, "finished", "stopped")
    until(lambda: manager._lives[id].trainer is None)
    manager.snapshots.flush()
    return manager.snapshots.load(id, manager.snapshots.steps(id)[-1])[0]


def assert_same(found: dict[str, Tensor], wanted: Trainer) -> None:
    tensors, _ = wanted.state()
    assert found.keys() == tensors.keys()
    assert not [name for name, tensor in tensors.items() if not torch.equal(found[name], tensor)]


def ready(manager: Manager, id: str, step: int) -> Replay:
    until(lambda: manager.replays.ask(id, step).over)
    return manager.replays.ask(id, step)


def paused_at(manager: Manager, id: str, step: int) -> None:
    until_state(manager, id, "running", "paused")
    manager.pause(id)
    while status(manager, id).step < step:
        at = status(manager, id).step
        manager.step(id)
        until_step(manager, id, at + 1)
    manager.look(id, lambda trainer: trainer.step, wait=PATIENCE)  # the whole of the step is done
    assert status(manager, id).step == step


@pytest.mark.parametrize("settings", [ALL_AT_ONCE, ADAM], ids=["all at once", "adam"])
def test_a_finished_one_goes_on_as_if_it_had_been_longer(manager: Manager, settings: dict) -> None:
    id = manager.start(tiny(epochs=7, **settings))
    until_state(manager, id, "finished")
    first = manager.records(id)
    manager.train_on(id, 12)
    assert manager.records(id)[: len(first)] == first
    found = last_state(manager, id)
    whole = uninterrupted(tiny(epochs=12, **settings))
    assert_same(found, whole)
    stored = manager.store.get(id)
    assert stored and stored.experiment == tiny(epochs=12, **settings) and status(manager, id).step == whole.step
    kept = [record._replace(seconds=0.0) for record in manager.store.records(id)]
    assert kept == [record._replace(seconds=0.0) for record in manager.records(id)]
    alone = [r._replace(seconds=0.0) for records in Trainer(tiny(epochs=12, **settings)) for r in records]
    assert [r for r in kept if r in alone] == alone  # nothing is missing, twice or in another order
    assert "12 epochs, before 7" in [event.text for event in manager.store.events(id) if event.kind == "epochs"]
    for step in (20, 21, 25, 36):  # of both its parts, and exactly between
        again = ready(manager, id, step)
        assert again.state == "ready" and again.exact, again
    manager.snapshots.remove(id)
    manager.replays.forget(id)
    again = ready(manager, id, 30)  # from the beginning, through the change
    assert again.begun == 0 and again.exact and "Exactly the run" in again.note, again


def test_a_rate_that_has_fallen_to_zero_goes_on_where_a_longer_fall_is(manager: Manager) -> None:
    fallen = tiny(epochs=2, rules="dfa", schedule="cosine", warm_up=1)
    id = manager.start(fallen)
    until_state(manager, id, "finished")
    assert not by_hand(manager.store.events(id), fallen)
    with pytest.raises(ContinueError, match="is cosine: give constant with epochs"):
        manager.train_on(id, -1)
    manager.train_on(id, 4)
    found, oracle = last_state(manager, id), uninterrupted(fallen)
    longer = go_on(*oracle.state(), fallen, tiny(epochs=4, rules="dfa", schedule="cosine", warm_up=1))
    while not longer.done:
        next(longer)
    assert_same(found, longer)
    events, stored = manager.store.events(id), manager.store.get(id)
    told = "4 epochs, before 2. From here on the learning rate is that of a fall over these"
    assert [event.text for event in events if event.kind == "epochs"] == [told]
    assert stored and stored.experiment and by_hand(events, stored.experiment)  # what it was begun with is not what it says
    assert not by_hand(events, stored.experiment.model_copy(update={"schedule": "constant"}))
    manager.snapshots.remove(id)
    manager.replays.forget(id)
    again = ready(manager, id, 7)  # from the beginning, through the change
    assert again.begun == 0 and again.exact, again


ACTS = ((4, Change("redraw", 1, "dfa")), (6, 0.02))


def changed_and_stopped(manager: Manager, **settings: object) -> str:
    """At step 8, in the middle of an epoch, after ACTS."""
    id = manager.start(tiny(epochs=10, **settings), paused=True)
    paused_at(manager, id, 4)
    manager.change_feedback(id, Change("redraw", 1, "dfa"))
    until(lambda: manager.look(id, lambda trainer: len(trainer.changes)) == 1)
    paused_at(manager, id, 6)
    manager.set_learning_rate(id, 0.02)
    paused_at(manager, id, 8)
    manager.stop(id)
    return id


@pytest.mark.parametrize("lost", [False, True], ids=["from its last state", "trained again"])
def test_a_stopped_one_with_changes_on_the_way(tmp_path: Path, lost: bool) -> None:
    first = Manager(tmp_path)
    id = changed_and_stopped(first, **ALL_AT_ONCE)
    first.close()
    if lost:
        for path in (tmp_path / "snapshots" / id).iterdir():
            path.write_bytes(path.read_bytes()[:1000])  # cut short
    again = Manager(tmp_path)
    try:
        assert again.last_step(id) == 8
        again.train_on(id, 11)
        assert_same(last_state(again, id), uninterrupted(tiny(**ALL_AT_ONCE | {"epochs": 11}), *ACTS))
    finally:
        again.close()


def test_what_cannot_go_on_says_why_and_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = Manager(tmp_path)
    stuck = tiny(epochs=200, epoch_step=0, rules="bp", LR=30.0)
    try:
        done, ended = manager.start(tiny(epochs=3)), manager.start(stuck)
        running = manager.start(tiny(), paused=True)
        for id in (done, ended):
            until_state(manager, id, "finished")
        for epochs, why in ((3, "more than 3, since so many"), (1, "more than 3"), (0, "epochs")):
            with pytest.raises(ContinueError, match=why):
                manager.train_on(done, epochs)
        with pytest.raises(ContinueError, match="still training"):
            manager.train_on(running, 20_000)
        with pytest.raises(KeyError):
            manager.train_on("nobody", 3)
        before = manager.store.get(ended), manager.records(ended)
        manager.train_on(ended, 600)
        until(lambda: "Its schedule has ended every run" in status(manager, ended).sentence)
        until(lambda: ended not in manager._lives)
        after = manager.store.get(ended)
        assert before[0] and after and after.state == "finished" and after.experiment == before[0].experiment
        assert manager.records(ended) == before[1]
        manager.store.put("UPDATE experiments SET settings = json_set(settings, '$.new', 1) WHERE id = ?", done)
        with pytest.raises(ContinueError, match="another version"):
            manager.train_on(done, 9)
        manager.store.put(
            "UPDATE experiments SET settings = json_set(json_remove(settings, '$.new'), '$.dataset', 'mnist') WHERE id = ?",
            done,
        )
        monkeypatch.setenv("DFA_LAB_DATA", str(tmp_path / "nothing"))
        count = manager.store.count(done)
        manager._lives.pop(done)
        manager.train_on(done, 9)
        until(lambda: "MNIST" in status(manager, done).sentence and status(manager, done).state == "finished")
        assert manager.store.count(done) == count
    finally:
        manager.close()


def test_stopped_while_it_is_brought_there_it_stays_as_it_is(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    class Gated(Trainer):
        def __init__(self, *arguments, **options):
            begun.set()
            assert go_on.wait(20)
            super().__init__(*arguments, **options)

    id = manager.start(tiny(epochs=3))
    until_state(manager, id, "finished")
    until(lambda: manager._lives[id].trainer is None)
    before = manager.store.get(id), manager.records(id)
    monkeypatch.setattr(midway_start, "Trainer", Gated)
    manager.train_on(id, 9)
    assert begun.wait(20)
    live = manager._lives[id]
    manager.stop(id)
    go_on.set()
    until(lambda: id not in manager._lives or live.lock.locked())
    try:
        until(lambda: id not in manager._lives, seconds=5)
    except AssertionError:
        live.lock.release()  # or whoever closes the manager would wait for ever
        raise
    after = manager.store.get(id)
    assert before[0] and after and (after.state, after.experiment) == ("finished", before[0].experiment)
    assert manager.records(id) == before[1]


def test_what_diverged_waits_at_its_last_finite_step(manager: Manager) -> None:
    id = manager.start(tiny(rules="bp", optimizer="sgd"), pace=400)
    until_step(manager, id, 10)
    manager.set_learning_rate(id, 1e38)
    until_state(manager, id, "failed")
    last = manager.reached(status(manager, id))
    manager.train_on(id, 10_000)
    until_state(manager, id, "paused")
    assert status(manager, id).step == last and "Lower the learning rate" in status(manager, id).sentence
    manager.stop(id)
    before = uninterrupted(tiny(rules="bp", optimizer="sgd", epochs=4))
    forked = manager.fork_at(id, 9, {"epochs": 4})
    assert_same(last_state(manager, forked), before)


def test_unchanged_a_fork_is_the_origin_and_outlives_it(manager: Manager, tmp_path: Path) -> None:
    id = changed_and_stopped(manager, **ALL_AT_ONCE)
    whole = uninterrupted(tiny(**ALL_AT_ONCE | {"epochs": 10}), *ACTS)
    forks = [manager.fork_at(id, step, {}, paused=True) for step in (0, 5, 8)]
    for fork in forks:
        until_state(manager, fork, "paused")
    theirs = [r for r in manager.records(id) if r.step <= 5]
    assert manager.records(forks[1]) == theirs and manager.records(forks[0]) == []
    manager.delete(id)
    for fork in forks:
        manager.resume(fork)
    for fork, acts in zip(forks, ((), ACTS[:1], ACTS), strict=True):
        same = whole if acts == ACTS else uninterrupted(tiny(**ALL_AT_ONCE | {"epochs": 10}), *acts)
        assert_same(last_state(manager, fork), same)
        origin = origin_of(manager.store.events(fork))
        assert origin and origin.id == id and not origin.settings
    manager.close()
    again = Manager(tmp_path)
    try:
        assert again.snapshots.steps(forks[1])[0] == 5
        for step in (3, 5, 30):
            found = ready(again, forks[1], step)
            assert found.state == "ready" and found.exact and found.trainer
            if step == 3:
                assert_same(found.trainer.state()[0], uninterrupted(tiny(**ALL_AT_ONCE | {"epochs": 10}), until_step=3))
        again.train_on(forks[1], 12)
        assert_same(last_state(again, forks[1]), uninterrupted(tiny(**ALL_AT_ONCE | {"epochs": 12}), *ACTS[:1]))
    finally:
        again.close()


def test_a_fork_with_other_settings_is_that_training_from_there_on(manager: Manager) -> None:
    """The oracle sets rate and decay on a trainer of its own, where they are read."""
    settings = {"rules": "dfa", "optimizer": "sgd", "momentum": 0.5, "epochs": 4}
    id = manager.start(tiny(**settings))
    until_state(manager, id, "finished")
    fork = manager.fork_at(id, 5, {"learning_rate": 0.3, "weight_decay": 0.01, "epochs": 5})
    oracle = _uninterrupted.__wrapped__(tiny(**settings | {"epochs": 5}).model_dump_json(), until_step=5)  # it goes on
    oracle.set_learning_rate(0.3)
    oracle.runs[0].optimizer.param_groups[0]["weight_decay"] = 0.01
    oracle.runs[0].experiment = oracle.runs[0].experiment.model_copy(update={"weight_decay": 0.01})
    oracle._groups = None  # what makes the steps reads it when it is made
    for _ in oracle:
        pass
    found = last_state(manager, fork)
    assert_same(found, oracle)
    origin = origin_of(manager.store.events(fork))
    assert origin and origin.sentence().startswith(f"Forked from {id} at step 5, with learning_rate 0.3 instead of 0.001, ")
    assert "epochs 5 instead of 4" in origin.sentence("x")
    for number in (3, 5, 9, 15):
        assert ready(manager, fork, number).exact
    grandchild = manager.fork_at(fork, 10, {})
    assert_same(last_state(manager, grandchild), oracle)
    manager.snapshots.remove(grandchild)
    manager.replays.forget(grandchild)
    again = ready(manager, grandchild, 15)
    assert again.begun == 0 and again.exact and again.trainer
    assert_same(again.trainer.state()[0], oracle)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "adagrad"},
        {"optimizer": "nag", "momentum": 0.9, "augment": True, "precision": "bf16"},
        {"dropout": 1, "criterion": "ce", "max_in_norm": 1.0},
        {"eps": 0.1, "accumulate": True, "halve_every": 1, "probe_size": 16, "measures": "angles,units"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_setting_that_can_be_another_goes_on(manager: Manager, changes: dict) -> None:
    id = manager.start(tiny(rules="fa,dfa", epochs=4))
    until_state(manager, id, "finished")
    at = ready(manager, id, 7).trainer
    assert at is not None
    weights = {name: tensor.clone() for name, tensor in at.runs[1].network.state_dict().items()}
    fork = manager.fork_at(id, 7, changes, paused=True)
    until_state(manager, fork, "paused")
    begun = manager.look(fork, lambda trainer: [p.clone() for p in trainer.runs[1].network.state_dict().values()])
    assert all(torch.equal(one, other) for one, other in zip(weights.values(), begun, strict=True))
    manager.resume(fork)
    until_state(manager, fork, "finished")
    new = [r for r in manager.records(fork) if r.step > 7]
    assert new and all(r.value is None or r.value == r.value for r in new)
    loss = next(r for r in new if r.metric == "train_loss")
    assert loss.step == 8 and loss.value and loss.value < 8
    assert ready(manager, fork, 12).exact
    manager.snapshots.remove(fork)
    manager.replays.forget(fork)
    found = ready(manager, fork, 12)
    assert found.begun == 0 and found.exact and "Exactly the run" in found.note, found


def test_what_cannot_be_another_is_refused_in_words(manager: Manager) -> None:
    id = manager.start(tiny(epochs=3))
    until_state(manager, id, "finished")
    for changes, why in (
        ({"num_hidden": 7}, r"num_hidden .*its networks stay"),
        ({"batch_size": 7, "rules": "bp"}, r"rules .*batch_size|batch_size .*rules"),
        ({"dataset": "xor"}, "the data stay"),
        ({"epochs": 1}, r"epochs .* give 2 or more"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"nonsense": 1}, "nonsense"),
    ):
        with pytest.raises(SettingsError, match=why):
            manager.fork_at(id, 5, changes)
    with pytest.raises(SettingsError, match="is over at the step"):
        manager.fork_at(id, 9, {})
    for step in (-1, 10):
        with pytest.raises(ContinueError, match="0 to 9"):
            manager.fork_at(id, step, {})
    with pytest.raises(KeyError):
        manager.fork_at("nobody", 1, {})
    assert [one.id for one in manager.store.experiments()] == [id]


def test_threads_are_those_it_had_whatever_the_server_has_now(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = tiny(rules="dfa", num_hidden=300, epochs=2)  # worth several threads
    monkeypatch.setattr(device, "ALL_THREADS", 1)
    id = manager.start(experiment)
    until_state(manager, id, "finished")
    monkeypatch.setattr(device, "ALL_THREADS", 2)
    assert Trainer(experiment).threads == 2
    for lost in (False, True):
        if lost:
            manager.snapshots.remove(id)
            manager.replays.forget(id)
        found = ready(manager, id, 5)
        assert found.trainer and found.trainer.threads == 1 and found.exact and (not lost or found.begun == 0)
    manager.train_on(id, 3)
    until_state(manager, id, "finished", "failed")
    assert status(manager, id).state == "finished"
    fixed = uninterrupted(tiny(rules="dfa", num_hidden=300, epochs=3, threads=1))
    until(lambda: not manager.has_networks(id))
    found = ready(manager, id, 9).trainer
    assert found and found.threads == 1
    assert_same(found.state()[0], fixed)


def test_the_command_line_does_it_too(tmp_path: Path) -> None:
    first = Manager(tmp_path)
    id = first.start(tiny(epochs=2))
    until_state(first, id, "finished")
    first.close()
    runner = CliRunner()
    done = runner.invoke(app, ["resume", id, "--epoch", "4", "--runs", str(tmp_path)])
    assert done.exit_code == 0 and f"{id}: 4 epochs are done, 12 steps." in done.output, done.output
    for arguments, why in (
        ([id, "--epoch", "3"], "more than 4, since so many are done"),
        (["nobody", "--epoch", "3"], "no experiment 'nobody'"),
        ([id, "--epoch", "9", "--runs", str(tmp_path / "none")], "no folder of runs"),
    ):
        refused = runner.invoke(app, ["resume", "--runs", str(tmp_path), *arguments])
        assert refused.exit_code == 2 and why in refused.output, refused.output
    again = Manager(tmp_path)
    try:
        assert_same(again.snapshots.load(id, 12)[0], uninterrupted(tiny(epochs=4)))
        assert status(again, id).state == "finished"
    finally:
        again.close()


def test_a_clock_that_is_set_back_changes_nothing_but_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, back = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() - back[0])
    manager = Manager(tmp_path)
    try:
        first = manager.start(tiny(epochs=6), paused=True)
        paused_at(manager, first, 4)
        back[0] = 86_400.0  # yesterday
        second = manager.start(tiny(epochs=2))
        manager.resume(first)
        for id in (first, second):
            until_state(manager, id, "finished")
        assert [one.id for one in manager.store.experiments()] == [second, first]  # by their order, not by the clock
        assert_same(last_state(manager, first), uninterrupted(tiny(epochs=6)))
        kinds = [event.kind for event in manager.store.events(first)]
        assert kinds[-2:] == ["running", "finished"] and manager.store.count(first) == len(manager.records(first))
        manager.train_on(first, 7)
        assert_same(last_state(manager, first), uninterrupted(tiny(epochs=7)))
    finally:
        manager.close()
