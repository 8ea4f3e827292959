"""The manager's promises to its readers: start, pause, step, stop, copies, turns, bounded waits."""

import gc
import random
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from patience import PATIENCE, state, status, tiny, until, until_state, until_step

from dfa_lab.records import Record
from dfa_lab.runs import manager as manager_module
from dfa_lab.runs import scheduler
from dfa_lab.runs.limits import Limits
from dfa_lab.runs.manager import Manager
from dfa_lab.train.run import Run
from dfa_lab.train.trainer import Trainer
from tests.holding import held


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()
    assert not [t.name for t in threading.enumerate() if t.name.startswith("train-")]


@pytest.fixture
def slow_loading(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Loading waits until this is set."""
    gate = threading.Event()

    class Gated(Trainer):
        def __init__(self, *arguments, **options):
            assert gate.wait(PATIENCE)
            super().__init__(*arguments, **options)

    monkeypatch.setattr(scheduler, "Trainer", Gated)
    return gate


def plain(records: list[Record]) -> list[Record]:
    return [record._replace(seconds=0.0) for record in records]


def stays(manager: Manager, id: str, seconds: float = 0.15) -> int:
    """The step that it stays at, once what was in hand is done; of one that is paused or has ended."""
    live = manager._lives[id]
    until(lambda: live.trainer is None or (live.trainer.between_steps and not live.single_steps), "the step in hand is done")
    with live.turn:  # else the worker may be about to begin what it was asked for before
        before = status(manager, id).step
    time.sleep(seconds)
    assert status(manager, id).step == before, "it goes on"
    return before


def test_start_to_finish_in_memory_and_store(manager: Manager) -> None:
    experiment = tiny(epochs=20)
    id = manager.start(experiment)
    assert state(manager, id) in ("loading", "running")
    until_state(manager, id, "finished")
    end = status(manager, id)
    assert (end.step, end.steps, end.epoch, end.sentence, end.demo) == (60, 60, 20, "", False)
    assert end.layers == (6, 6) and end.device.startswith("CPU") and end.learning_rate == 1e-3
    wanted = [record for due in Trainer(experiment) for record in due]
    assert plain(manager.records(id)) == plain(wanted)
    assert manager.records(id, 40) == manager.records(id)[40:]
    assert manager.records(id, 10**6) == []
    assert manager.store.records(id) == manager.records(id)
    stored = manager.store.get(id)
    assert stored is not None and stored.state == "finished" and stored.experiment == experiment
    manager.records(id).clear()
    assert len(manager.records(id)) == len(wanted)  # a copy was cleared


def test_pause_step_resume_stop(manager: Manager) -> None:
    id = manager.start(tiny())
    until_step(manager, id, 3)
    manager.pause(id)
    at = stays(manager, id)
    assert state(manager, id) == "paused" and status(manager, id).rate == 0 and status(manager, id).left is None
    for n in (1, 2, 3):
        manager.step(id)
        until_step(manager, id, at + n)
        assert stays(manager, id, 0.05) == at + n
    for _ in range(5):
        manager.step(id)
    until_step(manager, id, at + 8)
    assert stays(manager, id) == at + 8
    manager.resume(id)
    until_step(manager, id, at + 20)
    assert state(manager, id) == "running"
    manager.stop(id)
    assert state(manager, id) == "stopped"
    end = stays(manager, id)
    for act in (manager.pause, manager.resume, manager.step, manager.stop):  # too late: nothing happens
        act(id)
    assert stays(manager, id) == end and state(manager, id) == "stopped"
    kinds = [event.kind for event in manager.store.events(id)]
    assert kinds == ["paused", "running", "stopped"]


def test_the_step_in_hand_is_not_the_step_that_was_asked_for(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, gate = threading.Event(), threading.Event()
    real = Trainer.advance

    def step(self: Trainer) -> list[Record]:
        inside.set()
        assert gate.wait(PATIENCE)
        return real(self)

    monkeypatch.setattr(Trainer, "advance", step)
    id = manager.start(tiny())
    assert inside.wait(PATIENCE)
    manager.step(id)  # pauses; the first step is being done
    manager.step(id)
    gate.set()
    until_step(manager, id, 3)
    assert stays(manager, id) == 3


def test_paused_uses_no_time(manager: Manager) -> None:
    ids = [manager.start(tiny(), paused=True) for _ in range(3)]
    for id in ids:
        until_state(manager, id, "paused")
    until(lambda: [t for t in threading.enumerate() if t.name.startswith("train-") and t.native_id])
    (thread,) = [t for t in threading.enumerate() if t.name.startswith("train-")]
    about = Path(f"/proc/self/task/{thread.native_id}/status")
    if not about.exists():
        pytest.skip("needs Linux's /proc")

    def switches(seconds: float) -> int:
        before, _ = counted(), time.sleep(seconds)
        return counted() - before

    def counted() -> int:
        lines = about.read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)

    until(lambda: switches(0.3) == 0, "it has gone to sleep")
    assert switches(0.5) <= 2  # the thread was not even woken
    assert [status(manager, id).step for id in ids] == [0, 0, 0]
    assert [manager.records(id) for id in ids] == [[], [], []]
    manager.resume(ids[1])
    until_step(manager, ids[1], 3)  # nor was its alarm lost
    manager.step(ids[2])
    until_step(manager, ids[2], 1)


def test_wake_ups_are_not_lost(manager: Manager) -> None:
    """A sleeping worker, and a click at every moment of its falling asleep again."""
    id = manager.start(tiny(rules="dfa"), paused=True)
    until_state(manager, id, "paused")
    random_delay = random.Random(0)
    for n in range(1, 80):
        manager.step(id)
        until(lambda n=n: status(manager, id).step == n, f"step {n}")
        time.sleep(random_delay.random() * 0.002)


def test_learning_rate_while_running_paused_and_loading(manager: Manager, slow_loading: threading.Event) -> None:
    id = manager.start(tiny(), paused=True)
    assert status(manager, id).learning_rate == 1e-3
    manager.set_learning_rate(id, 0.5)
    assert status(manager, id).learning_rate == 0.5
    slow_loading.set()
    until_state(manager, id, "paused")
    assert status(manager, id).learning_rate == 0.5
    manager.step(id)
    until_step(manager, id, 1)
    live = manager._lives[id]
    assert live.trainer is not None
    assert [run.optimizer.param_groups[0]["lr"] for run in live.trainer.runs] == [0.5, 0.5]
    manager.resume(id)
    until_step(manager, id, 3)
    for rate in (0.25, 0.125):
        manager.set_learning_rate(id, rate)
        assert status(manager, id).learning_rate == rate
        step = status(manager, id).step
        until_step(manager, id, step + 2)
        assert [run.optimizer.param_groups[0]["lr"] for run in live.trainer.runs] == [rate, rate]
    manager.stop(id)
    assert status(manager, id).learning_rate == 0.125
    texts = [event.text for event in manager.store.events(id) if event.kind == "knob"]
    assert texts == ["learning_rate = 0.5", "learning_rate = 0.25", "learning_rate = 0.125"]


def test_pace(manager: Manager) -> None:
    id = manager.start(tiny(rules="dfa"), pace=20)
    until_step(manager, id, 1)
    began, first = time.monotonic(), status(manager, id).step
    time.sleep(1.0)
    until_step(manager, id, first + 5)
    done, took = status(manager, id).step - first, time.monotonic() - began
    assert 5 <= done <= 20 * took + 3  # the upper bound is the promise; the lower one is waited for on a busy machine
    assert status(manager, id).pace == 20
    manager.set_pace(id, 0)
    until_step(manager, id, first + 200)
    manager.set_pace(id, 10)
    time.sleep(0.1)
    began, before = time.monotonic(), status(manager, id).step
    time.sleep(0.5)
    done, took = status(manager, id).step - before, time.monotonic() - began
    assert done <= 10 * took + 3  # 8 in half a second


@pytest.mark.parametrize("then", ["stop", "pause", "resume", "step"])
def test_acts_while_loading(manager: Manager, slow_loading: threading.Event, then: str) -> None:
    id = manager.start(tiny(), paused=then == "resume")
    other = manager.start(tiny(epochs=1))
    assert state(manager, id) == "loading"
    getattr(manager, then)(id)
    if then == "step":
        manager.step(id)
    slow_loading.set()
    until_state(manager, other, "finished")
    if then == "stop":
        until(lambda: not [t for t in threading.enumerate() if t.name == f"load-{id}"])
        assert state(manager, id) == "stopped"
        assert manager.records(id) == [] and status(manager, id).step == 0
        stored = manager.store.get(id)
        assert stored is not None and stored.state == "stopped"
    elif then == "resume":
        until_step(manager, id, 3)
    else:
        until_state(manager, id, "paused")
        wanted = 2 if then == "step" else 0
        until_step(manager, id, wanted)
        assert stays(manager, id) == wanted


def test_a_fork_of_the_running_demo_goes_on_by_itself(manager: Manager) -> None:
    demo = manager.start(tiny(epochs=100, rules="bp,fa,dfa", optimizer="adam"), demo=True, pace=60)
    with held(after=25):
        until_step(manager, demo, 10)
        copy = manager.fork(demo, paused=True)
        until_state(manager, copy, "paused")
        at = status(manager, copy).step
        assert 10 <= at < 300 and not status(manager, copy).demo and status(manager, copy).pace == 60
        begun = manager.records(copy)
        assert begun and max(record.step for record in begun) <= at
        assert begun == manager.records(demo)[: len(begun)]
        until_step(manager, demo, at + 5)  # the original was not held up
        assert stays(manager, copy) == at
    manager.set_pace(copy, 0)
    manager.set_pace(demo, 0)
    manager.resume(copy)
    until_state(manager, copy, "finished")
    until_state(manager, demo, "finished")
    assert plain(manager.records(copy)) == plain(manager.records(demo))
    assert manager.store.records(copy) == manager.records(copy)
    assert len(manager.records(copy)) > len(begun)


def test_a_fork_is_free_of_the_original(manager: Manager) -> None:
    first = manager.start(tiny(), paused=True)
    until_state(manager, first, "paused")
    for n in range(1, 4):
        manager.step(first)
        until_step(manager, first, n)
    manager.set_learning_rate(first, 0.03)  # asked for; the original has not come to use it
    copy = manager.fork(first, paused=False)
    until_step(manager, copy, 20)
    assert status(manager, copy).learning_rate == 0.03
    assert stays(manager, first) == 3
    manager.stop(first)
    step = status(manager, copy).step
    until_step(manager, copy, step + 5)
    again = manager.fork(first, paused=True)  # of an ended one: a fresh start
    until_state(manager, again, "paused")
    assert status(manager, again).step == 0 and manager.records(again) == []
    with pytest.raises(KeyError):
        manager.fork("nothing", paused=False)


def test_experiments_on_one_device_take_turns(manager: Manager) -> None:
    fast, slow = manager.start(tiny(rules="dfa")), manager.start(tiny(num_hidden=300))
    until_step(manager, fast, 1)
    until_step(manager, slow, 1)
    assert len([t for t in threading.enumerate() if t.name.startswith("train-")]) == 1
    for _ in range(5):
        before = [status(manager, id).step for id in (fast, slow)]
        until_step(manager, fast, before[0] + 1)
        until_step(manager, slow, before[1] + 1)
    assert status(manager, fast).rate > 0 and status(manager, slow).left is not None


def test_there_is_one_demonstration_and_it_starts_again(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager_module, "demonstration", lambda seed: (tiny(epochs=2, seeds=seed), 0.0))
    monkeypatch.setattr(manager_module, "DEMO_PAUSE", 1000.0)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(manager.demo())) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(found) == 12 and len(set(found)) == 1
    first = found[0]
    assert status(manager, first).demo
    until_state(manager, first, "finished")
    assert manager.demo() == first  # for a while its end stays on screen
    monkeypatch.setattr(manager_module, "DEMO_PAUSE", 0.0)  # the while is over
    time.sleep(0.05)
    second = manager.demo()
    monkeypatch.setattr(manager_module, "DEMO_PAUSE", 1000.0)
    assert second != first and manager.demo() == second
    assert manager.status(first) is None and manager.records(first) == []
    assert status(manager, second).experiment.seeds == (1,)
    until_state(manager, second, "finished")


def test_the_real_demonstration_trains(manager: Manager) -> None:
    id = manager.demo()
    until_step(manager, id, 3)
    assert status(manager, id).experiment.rules == ("bp", "fa", "dfa")
    assert status(manager, id).steps == status(manager, id).experiment.epochs * 45
    assert {"test_error", "signal_angle"} <= {record.metric for record in manager.records(id)}


def test_a_restart_on_the_same_folder(tmp_path: Path) -> None:
    first = Manager(tmp_path)
    done, running = first.start(tiny(epochs=4)), first.start(tiny())
    until_state(first, done, "finished")
    until_step(first, running, 60)
    records = first.records(done)
    first.close()
    first.close()
    at = status(first, running)
    assert (at.state, at.sentence) == ("interrupted", f"The server stopped at step {at.step}.")
    with pytest.raises(RuntimeError):
        first.start(tiny())
    second = Manager(tmp_path, resume=False)
    try:
        again = status(second, done)
        assert (again.state, again.step, again.steps, again.epoch, again.learning_rate) == ("finished", 12, 12, 4.0, 1e-3)
        assert again.experiment == tiny(epochs=4)
        assert second.records(done) == records and second.records(done, 5) == records[5:]
        left = status(second, running)
        assert left.state == "interrupted" and left.sentence.startswith("The server stopped at step")
        assert 50 <= left.step <= at.step
        for act in (second.pause, second.resume, second.step, second.stop):
            act(running)
        second.set_learning_rate(running, 1.0)
        assert state(second, running) == "interrupted"
        assert second.status("nothing") is None and second.records("nothing") == []
        copy = second.fork(done, paused=False)
        until_state(second, copy, "finished")
        assert plain(second.records(copy)) == plain(records)
    finally:
        second.close()


@pytest.mark.parametrize("when", ["loading", "running", "paused"])
def test_close_at_any_time(tmp_path: Path, when: str) -> None:
    manager = Manager(tmp_path)
    ids = [manager.start(tiny(), paused=when == "paused") for _ in range(3)]
    if when != "loading":
        for id in ids:
            until_state(manager, id, when)
    began = time.monotonic()
    manager.close()
    assert time.monotonic() - began < 10
    assert {state(manager, id) for id in ids} == {"interrupted"}
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith(("train-", "load-"))])
    with_store = Manager(tmp_path, resume=False)
    assert {state(with_store, id) for id in ids} == {"interrupted"}
    with_store.close()


def test_many_threads_at_once(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every method from many threads on the same experiments: no error, no deadlock, and each ends as it should."""
    manager.rules.limits = Limits(places=10_000)
    ids = [manager.start(tiny(rules="dfa"))]
    errors: list[BaseException] = []

    def visit(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(25):
                id = chance.choice(ids)
                act = chance.choice("start pause resume step rate pace fork records status demo stop".split())
                if act == "start" and len(ids) < 15:
                    ids.append(manager.start(tiny(rules="dfa", epochs=chance.choice([1, 10_000]))))
                elif act == "fork" and len(ids) < 15:
                    ids.append(manager.fork(id, paused=chance.random() < 0.5))
                elif act == "stop" and chance.random() < 0.3:
                    manager.stop(id)
                elif act == "rate":
                    manager.set_learning_rate(id, chance.random() + 1e-6)
                elif act == "pace":
                    manager.set_pace(id, chance.choice([0, 5, 100]))
                elif act == "records":
                    some = manager.records(id, chance.randrange(50))
                    assert all(isinstance(record, Record) for record in some)
                elif act == "demo":
                    manager.demo()
                elif act in ("pause", "resume", "step", "status"):
                    getattr(manager, act)(id)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=visit, args=(seed,)) for seed in range(10)]
    for thread in threads:
        thread.start()
    over = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0.0, over - time.monotonic()))
    assert not [thread for thread in threads if thread.is_alive()]
    assert errors == []
    for id in ids:
        until_state(manager, id, "running", "paused", "finished", "stopped")
        manager.stop(id)
        assert state(manager, id) in ("stopped", "finished")
        stored = manager.store.get(id)
        assert stored is not None and stored.state == state(manager, id)
        assert plain(manager.store.records(id)) == plain(manager.records(id)) or state(manager, id) == "stopped"


def test_no_call_waits_for_a_long_step(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call comes back while the step is still in hand: it ends only after all of them."""
    inside, gate = threading.Event(), threading.Event()
    real = Trainer.advance

    def slow(self: Trainer) -> list[Record]:
        inside.set()
        assert gate.wait(PATIENCE)
        return real(self)

    monkeypatch.setattr(Trainer, "advance", slow)
    id = manager.start(tiny())
    assert inside.wait(PATIENCE)
    acts = (manager.pause, manager.resume, manager.status, manager.records, manager.step, manager.stop)
    calls = threading.Thread(target=lambda: [act(id) for act in acts], daemon=True)
    calls.start()
    calls.join(PATIENCE / 2)
    waits = calls.is_alive()
    gate.set()
    assert not waits


def test_ended_experiments_let_go_of_their_networks(manager: Manager) -> None:
    ids = [manager.start(tiny()), manager.start(tiny())]
    kept = []
    for id in ids:
        until_step(manager, id, 2)
        trainer = manager._lives[id].trainer
        assert trainer is not None
        kept += [weakref.ref(trainer), weakref.ref(trainer.runs[0].network)]
        del trainer
    manager.stop(ids[0])
    manager._lives[ids[1]].trainer.steps = 0  # type: ignore[union-attr]  # comes to its end at its next step
    until_state(manager, ids[1], "finished")
    until(lambda: gc.collect() >= 0 and not any(ref() for ref in kept), "networks are let go")


def test_old_ones_are_read_from_the_store(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "KEPT", 2)
    ids = []
    for n in range(5):
        ids.append(manager.start(tiny(epochs=1, seeds=n)))
        until_state(manager, ids[-1], "finished")
    assert len(manager._lives) <= 3
    for n, id in enumerate(ids):
        assert status(manager, id).experiment.seeds == (n,)
        assert status(manager, id).step == 3
        assert len(manager.records(id)) == len(manager.records(ids[-1]))


def test_a_long_evaluation_does_not_stop_the_others(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test set of the heavy one takes over two seconds; nobody else may stand still for one: for ten of its parts."""
    light = manager.start(tiny(epochs=2000), paused=True)
    until_state(manager, light, "paused")
    real = Run.evaluate
    steps: list[int] = []  # of the light one, at each part of the heavy one

    def slow(self: Run, x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        if len(x) <= 16:
            manager.resume(light)
            time.sleep(0.1)
            steps.append(status(manager, light).step)
        return real(self, x, t)

    monkeypatch.setattr(Run, "evaluate", slow)
    monkeypatch.setattr("dfa_lab.train.trainer.PART", 0)  # 16 samples at a time: 23 parts of the 360 digits
    heavy = manager.start(tiny(rules="bp"))
    until(lambda: status(manager, heavy).step > 0, "the heavy one is through with its test set")
    first = steps[:23]
    assert len(first) == 23 and first[-1] > 10
    assert all(before < after for before, after in zip(first, first[10:], strict=False)), first
