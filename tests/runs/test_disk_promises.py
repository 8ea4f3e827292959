"""Room on the disk is promised to checkpoints when their experiment is let in: the quota holds, and none is lost to it."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dfa_lab import data
from dfa_lab.machine.disk_room import human
from dfa_lab.runs import live, overdrawing, quota, shares
from dfa_lab.runs.disk_promises import _needed
from dfa_lab.runs.disk_space import measure
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.quota import Room
from dfa_lab.runs.rights import Visitor
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.knob import extra
from dfa_lab.train import checkpoint
from dfa_lab.train.state_size import state_size
from dfa_lab.train.trainer import Trainer
from tests.holding import held
from tests.runs.patience import state, status, tiny, until, until_state, until_step

KEEPER, ANN, BOB = Visitor("", administrator=True), Visitor("ann"), Visitor("bob")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "EVERY", -1.0)
    monkeypatch.setattr(shares, "EVERY", -1.0)


def wide(**settings: object) -> Experiment:
    """Of which a checkpoint takes 1.4 MB, with steps that are soon done."""
    small = {"batch_size": 32, "optimizer": "rmsprop", "threads": 1, "epochs": 900}
    return tiny(**{"num_hidden": 800, "rules": "bp,fa"} | small | settings)


@pytest.mark.parametrize("optimizer", extra(Experiment.model_fields["optimizer"])["choices"])
def test_no_checkpoint_is_larger_than_its_settings_say(optimizer: str, tmp_path: Path) -> None:
    momentum = 0.5 if optimizer == "nag" else 0.0
    rules = "bp,fa,dfa,shallow"
    settings = tiny(num_hidden=300, rules=rules, seeds="0,1", optimizer=optimizer, momentum=momentum, epochs=20, threads=1)
    trainer = Trainer(settings)
    while trainer.step < 2 or not trainer.between_steps:
        trainer.advance()
    file = tmp_path / "state.safetensors"
    checkpoint.save(trainer, file)
    reckoned = state_size(settings, data.facts_of(settings))
    # shallow trains its output layer alone, and muon keeps less of matrices
    assert file.stat().st_size <= reckoned <= (2.2 if optimizer == "muon" else 1.6) * file.stat().st_size


def test_what_waits_to_be_summed_up_is_reckoned_too(tmp_path: Path) -> None:
    settings = tiny(epochs=10_000, batch_size=8, num_hidden=6, momentum=0.9, eps=0.1, threads=1)
    trainer = Trainer(settings)
    largest = 0
    for step in (3, 170):  # a record is due after 180, the steps of an epoch
        while trainer.step < step or not trainer.between_steps:
            trainer.advance()
        checkpoint.save(trainer, tmp_path / "state.safetensors")
        largest = max(largest, (tmp_path / "state.safetensors").stat().st_size)
    assert 100_000 < largest <= state_size(settings, data.facts_of(settings)) < 4 * largest


class Watched:
    """The most that a folder takes, looked at in a thread of its own until it is left."""

    def __init__(self, folder: Path):
        self._folder, self._over, self.most, self.looks = folder, threading.Event(), 0, 0

    def __enter__(self) -> "Watched":
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.003):
            space = measure(self._folder)
            self.most = max(self.most, space.total - space.kinds["snapshots"])
            self.looks += 1


def test_the_quota_holds_while_checkpoints_are_written_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "OFTEN", 0.0)
    monkeypatch.setattr(live, "RARELY", 0.0)
    need, records = _needed(wide().model_dump_json()), 1_500_000
    most = records + 2 * need + need // 2
    manager = Manager(tmp_path, quota=str(most))
    try:
        with Watched(tmp_path) as watched:
            ids = [manager.start(wide(), pace=20.0), manager.start(wide(), title="paper/test", keep=True)]
            for begin in (
                lambda: manager.start(wide()),
                lambda: manager.start(wide(), keep=True),
                lambda: manager.fork(ids[0], paused=False),
            ):
                with pytest.raises(
                    SettingsError, match=rf"^Its checkpoints would take up to {re.escape(human(need))} of the disk"
                ):
                    begin()
            for id in ids:
                until_step(manager, id, 30)
            with pytest.raises(SettingsError, match=r"the runs of this server may take .* more \(--quota\) beside what runs"):
                manager.start(wide())  # promised still: a checkpoint is written beside the one before
            until_state(manager, manager.start(tiny(epochs=1)), "finished")  # a small one has room
            assert not manager.problem and len(manager.store.experiments()) == 3
        assert watched.looks > 10 and need < watched.most <= most
        for id in ids:
            manager.stop(id)
            until_state(manager, id, "stopped")
        until(lambda: manager.quota.refusal(need) == "")  # what has ended writes no more
        assert all(manager.checkpoints.has(id) for id in ids[1:])
    finally:
        manager.close()


def test_one_visitors_promises_refuse_no_other_visitor(tmp_path: Path) -> None:
    acting = [ANN]
    need = _needed(wide().model_dump_json())
    manager = Manager(tmp_path, quota=str(4 * need - 2), who=lambda: acting[0])
    try:
        with held(after=5):
            hers = [manager.start(wide(), keep=True) for _ in range(3)]
            with pytest.raises(SettingsError, match=r"^Its checkpoints would take"):
                manager.start(wide(), keep=True)
            acting[0] = BOB
            assert manager.quota.left() == Room(2 * need - 1, "the runs of this server", " (--quota)")  # half is his
            his = manager.start(wide(), keep=True)
            with pytest.raises(SettingsError, match=r"^Its checkpoints would take"):
                manager.start(wide(num_hidden=1700))
            assert {state(manager, id) for id in (*hers, his)} <= {"queued", "loading", "running"}
    finally:
        manager.close()


def test_what_finds_no_room_after_a_restart_says_so_and_is_kept(tmp_path: Path) -> None:
    first = Manager(tmp_path)
    with held(after=5):
        id = first.start(wide())
        until_step(first, id, 5)
        first.close()
    before = first.store.records(id)
    assert first.checkpoints.has(id) and before
    full = Manager(tmp_path, quota=str(measure(tmp_path).total + 100_000))
    try:
        said = status(full, id)
        assert said.state == "interrupted" and said.sentence.startswith(
            "It did not go on by itself after the server had stopped."
        )
        assert "Its checkpoints would take up to" in said.sentence and "Train on" in said.sentence
        assert full.checkpoints.has(id) and full.store.records(id) == before
    finally:
        full.close()
    again = Manager(tmp_path)
    try:
        until_step(again, id, status(again, id).step + 3)
        assert again.store.records(id)[: len(before)] == before
    finally:
        again.close()


@pytest.fixture
def crowded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Manager, list[Visitor]]]:
    monkeypatch.setattr(overdrawing, "EVERY", 0.02)
    acting = [ANN]
    manager = Manager(tmp_path, quota="20MB", who=lambda: acting[0])
    yield manager, acting
    manager.close()


def test_a_full_quota_pauses_who_fills_it_and_nobody_else(crowded: tuple[Manager, list[Visitor]], tmp_path: Path) -> None:
    manager, acting = crowded
    hers = manager.start(tiny(epochs=900), pace=20.0)
    acting[0] = BOB
    his = manager.start(tiny(epochs=900), pace=20.0)
    acting[0] = KEEPER
    keepers = manager.start(tiny(epochs=900), pace=20.0)
    for id in (hers, his, keepers):
        until_step(manager, id, 2)
    film = tmp_path / "checkpoints" / f"{hers}.film"
    film.parent.mkdir(exist_ok=True)
    film.write_bytes(bytes(20_000_000))
    until_state(manager, hers, "paused")
    said = status(manager, hers).sentence
    assert said.startswith("It was paused, as the runs of this server take all of the 20.0 MB that they may (--quota)")
    assert "more than an equal part" in said and "Free space" in said
    at = [status(manager, id).step for id in (his, keepers)]
    until_step(manager, his, at[0] + 2)
    until_step(manager, keepers, at[1] + 2)
    film.unlink()
    until(lambda: not status(manager, hers).sentence)
