"""Experiments that are kept: they go on from their checkpoints as if nothing had happened, and wait for their turn."""

import logging
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from patience import state, status, tiny, until, until_state, until_step
from safetensors import SafetensorError
from safetensors.torch import save_file

from dfa_lab.records import Record
from dfa_lab.runs import checkpoints as checkpoints_module
from dfa_lab.runs import live
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.resuming import RESUMED, ContinueError
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.trainer import Trainer
from tests.holding import held

CELL = "paper/test"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "OFTEN", 0.0)


def begin(manager: Manager, experiment: Experiment | None = None, *, title: str = CELL, **options) -> str:
    return manager.start(experiment or tiny(), title=title, keep=True, **options)


def plain(records: list[Record]) -> list[Record]:
    return [record._replace(seconds=0.0) for record in records]


def uninterrupted(experiment: Experiment) -> list[Record]:
    """The oracle: the records of one trainer from the settings to the end. Made once for all."""
    return _uninterrupted(experiment.model_dump_json())


@cache
def _uninterrupted(settings: str) -> list[Record]:
    return plain([record for due in Trainer(Experiment.model_validate_json(settings)) for record in due])


def file(manager: Manager, id: str) -> Path:
    return manager.store.folder / "checkpoints" / f"{id}.safetensors"


def resumed(manager: Manager, id: str) -> list[str]:
    return [event.text for event in manager.store.events(id) if event.kind == RESUMED]


def interrupted(folder: Path, experiment: Experiment, title: str = CELL) -> str:
    """An experiment that a server was busy with when it stopped."""
    manager = Manager(folder, resume=False)  # what was interrupted before waits for the next server
    with held(after=20):
        id = begin(manager, experiment, title=title)
        until_step(manager, id, 20)
        manager.close()
    assert state(manager, id) == "interrupted" and file(manager, id).is_file()
    return id


def test_stopped_and_continued_is_as_if_it_had_not_been(manager: Manager) -> None:
    experiment = tiny(epochs=30, rules="fa,dfa", optimizer="adam", measure_every=7)
    id = begin(manager, experiment)
    for step in (20, 50):
        with held(after=step):
            until_step(manager, id, step)
            manager.stop(id)
            until(lambda: manager._lives[id].trainer is None, "the networks are let go")
            assert state(manager, id) == "stopped" and file(manager, id).is_file()
            before = manager.records(id)
            manager.continue_stored(id)
            assert manager.records(id) == before  # readers see what there was while it is loaded
    until_state(manager, id, "finished")
    assert plain(manager.records(id)) == uninterrupted(experiment)
    assert manager.store.records(id) == manager.records(id)
    until(lambda: not file(manager, id).exists(), "a finished experiment needs no checkpoint")
    with pytest.raises(ContinueError, match=r"It is finished\."):
        manager.continue_stored(id)


def test_continued_at_once_undoes_the_stop(manager: Manager) -> None:
    experiment = tiny(epochs=20)
    id = begin(manager, experiment)
    with held(after=10):
        until_step(manager, id, 10)
        for _ in range(10):
            manager.stop(id)
            manager.continue_stored(id)
    until_state(manager, id, "finished")
    assert plain(manager.records(id)) == uninterrupted(experiment)


def test_cells_go_on_by_themselves_after_a_restart(tmp_path: Path) -> None:
    experiment = tiny(epochs=20)
    cell, other = interrupted(tmp_path, experiment), interrupted(tmp_path, experiment, title="")
    again = Manager(tmp_path)
    try:
        until_state(again, cell, "finished")
        assert plain(again.records(cell)) == plain(again.store.records(cell)) == uninterrupted(experiment)
        until_state(again, other, "finished")
        assert plain(again.store.records(other)) == uninterrupted(experiment)
    finally:
        again.close()


def test_what_waited_begins_after_a_restart(tmp_path: Path) -> None:
    first = Manager(tmp_path)
    running, waiting = begin(first), begin(first, tiny(epochs=2))
    until_step(first, running, 5)
    first.close()
    assert state(first, waiting) == "interrupted"
    second = Manager(tmp_path)
    try:
        until_step(second, running, status(first, running).step + 5)
        assert state(second, waiting) == "queued"
        second.stop(running)
        until_state(second, waiting, "finished")
        assert plain(second.store.records(waiting)) == uninterrupted(tiny(epochs=2))
    finally:
        second.close()


def test_what_somebody_paused_does_not_go_on_by_itself(tmp_path: Path) -> None:
    first = Manager(tmp_path)
    id = begin(first)
    until_step(first, id, 20)
    first.pause(id)
    first.close()
    second = Manager(tmp_path)
    try:
        time.sleep(0.2)
        assert state(second, id) == "interrupted"
        second.continue_stored(id)
        until_step(second, id, status(first, id).step + 1)
    finally:
        second.close()


def test_by_itself_only_once_from_the_same_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    id = interrupted(tmp_path, tiny(epochs=20))
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", lambda self: time.sleep(0.01) or [])  # comes no further
        second = Manager(tmp_path)
        until_state(second, id, "running")
        at = status(second, id).step
        second.close()
    third = Manager(tmp_path)
    try:
        assert resumed(third, id) == ["at step 0", f"at step {at}"]
        time.sleep(0.2)
        assert state(third, id) == "interrupted"
        third.continue_stored(id)
        until_state(third, id, "finished")
        assert resumed(third, id)[2:] == [f"at step {at}"]
        assert plain(third.store.records(id)) == uninterrupted(tiny(epochs=20))
    finally:
        third.close()


@pytest.mark.parametrize("damage", ["missing", "cut short", "not ours", "other settings", "other tensors"])
def test_a_damaged_checkpoint_leaves_what_was_measured(tmp_path: Path, damage: str) -> None:
    id = interrupted(tmp_path, tiny())
    path = tmp_path / "checkpoints" / f"{id}.safetensors"
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "cut short":
        path.write_bytes(content[:-100])
    elif damage == "not ours":
        path.write_bytes(b"somebody's only copy")
    elif damage == "other settings":
        other = interrupted(tmp_path / "other", tiny(num_hidden=7))
        (tmp_path / "other" / "checkpoints" / f"{other}.safetensors").rename(path)
    else:
        from safetensors import safe_open

        with safe_open(path, framework="pt") as opened:
            about = opened.metadata()
        save_file({}, path, metadata=about)
    manager = Manager(tmp_path)
    try:
        until(lambda: state(manager, id) == "interrupted" and id not in manager._lives)
        kept = manager.records(id)
        assert len(kept) > 20
        if damage == "other tensors":  # the head of the file is sound: it is found out in the thread that loads it
            manager.continue_stored(id)
            until(lambda: id not in manager._lives)
            assert "damaged" in status(manager, id).sentence
        else:
            wanted = {"missing": "no checkpoint to go on from", "other settings": "other settings"}.get(damage, "damaged")
            with pytest.raises(ContinueError, match=rf"{wanted}.*\.$"):
                manager.continue_stored(id)
            assert damage == "missing" or wanted in status(manager, id).sentence
        assert state(manager, id) == "interrupted" and manager.records(id) == kept
    finally:
        manager.close()


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OSError(28, "No space left on device"), "is full: free some space."),
        (OSError(122, "Disk quota exceeded"), "quota for this user on the disk"),
        (SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"), "is full"),
        (SafetensorError("I/O error: Read-only file system (os error 30)"), "cannot be written to."),
    ],
    ids=["full", "quota", "full in safetensors", "read-only"],
)
def test_a_disk_that_refuses_checkpoints_is_told_and_training_goes_on(
    manager: Manager, monkeypatch: pytest.MonkeyPatch, error: Exception, why: str
) -> None:
    def refuse(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints_module.checkpoint, "save", refuse)
        id = begin(manager)
        until(lambda: why in manager.problem)
        assert manager.problem.startswith("Checkpoints cannot be written: ") and manager.problem.endswith(".")
        assert manager.store.problem == ""
        until_step(manager, id, status(manager, id).step + 20)
    until(lambda: not manager.problem and file(manager, id).is_file(), "the disk takes it again")


def test_a_folder_of_checkpoints_that_is_a_file(tmp_path: Path, often: None, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "checkpoints").write_text("mine")
    manager = Manager(tmp_path)
    try:
        with caplog.at_level(logging.WARNING):
            id = begin(manager, tiny(epochs=30))
            until_state(manager, id, "finished")
        assert "is not a folder." in manager.problem
        assert len([one for one in caplog.records if "Checkpoints cannot" in one.message]) == 1  # not at every attempt
        assert plain(manager.records(id)) == uninterrupted(tiny(epochs=30))
    finally:
        manager.close()


def test_one_runs_and_the_others_wait(manager: Manager) -> None:
    free = manager.start(tiny())  # not kept: it waits for nobody
    ids = [begin(manager, tiny(seeds=n)) for n in range(20)]  # more than may be active
    until_step(manager, ids[0], 3)
    until_step(manager, free, 3)
    assert [state(manager, id) for id in ids[1:]] == ["queued"] * 19
    stored = manager.store.get(ids[5])
    assert stored is not None and (stored.state, stored.title) == ("queued", CELL)
    manager.delete(ids[1])
    assert manager.status(ids[1]) is None and manager.store.titled(CELL)[-2].id == ids[2]
    manager.pause(ids[0])  # makes room
    until_step(manager, ids[2], 3)
    assert state(manager, ids[3]) == "queued"
    manager.pause(ids[3])
    manager.stop(ids[2])
    until_state(manager, ids[3], "paused")  # begins paused, and makes room in its turn
    until_step(manager, ids[4], 3)
    manager.stop(ids[6])
    manager.stop(ids[4])
    until_step(manager, ids[5], 3)
    manager.stop(ids[5])
    until_step(manager, ids[7], 3)
    assert state(manager, ids[6]) == "stopped" and manager.records(ids[6]) == []


@pytest.mark.usefixtures("often")
def test_written_after_an_epoch_and_when_paused(manager: Manager) -> None:
    with held(after=20):
        id = begin(manager, tiny(batch_size=4))  # 360 steps an epoch
        until_step(manager, id, 20)
        assert not file(manager, id).exists()
    until_step(manager, id, 361)
    assert manager.checkpoints.step(id, status(manager, id).experiment) % 360 == 0
    manager.pause(id)
    until(lambda: manager.checkpoints.step(id, status(manager, id).experiment) == status(manager, id).step)
    manager.delete(id)
    assert not list(file(manager, id).parent.iterdir()) and manager.store.get(id) is None


def test_not_more_often_than_every_twenty_seconds(manager: Manager) -> None:
    id = begin(manager)
    until_step(manager, id, 60)
    assert not file(manager, id).exists()


def test_last_is_the_same_of_the_living_and_the_stored(manager: Manager) -> None:
    id = manager.start(tiny(epochs=3, seeds="0,1"))
    until_state(manager, id, "finished")
    last = manager.last(id, "test_error", 4)
    assert [record.run for record in last] == [0, 1, 2, 3] and {record.step for record in last} == {9}
    assert manager.store.last(id, "test_error", 4) == last
    assert manager.last(id, "nothing", 4) == manager.store.last(id, "nothing", 4) == []


def test_a_step_that_fails_while_the_lab_is_closed_is_told_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, often: None
) -> None:
    """And the experiment goes on from what was written down before. Only who closes the lab meets the step, not its worker."""
    first = Manager(tmp_path)
    closer = threading.current_thread()
    id = begin(first)
    until(file(first, id).is_file, "a checkpoint")
    first.pause(id)
    until_state(first, id, "paused")

    def advance(self: Trainer) -> list[Record]:
        raise RuntimeError("broken")

    with monkeypatch.context() as broken:
        broken.setattr(Trainer, "between_steps", property(lambda self: threading.current_thread() is not closer))
        broken.setattr(Trainer, "advance", advance)
        first.close()
    assert f"experiment {id}: the step in hand failed as the lab was closed: broken" in caplog.text
    second = Manager(tmp_path)
    stored = second.store.get(id)
    assert stored and stored.experiment and second.checkpoints.step(id, stored.experiment) > 0
    second.close()
