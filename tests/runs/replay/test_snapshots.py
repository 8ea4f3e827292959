"""Snapshots: spread over the training, within bounds, gone with their experiment, and never in the way of the training."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dfa_lab.runs import live
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.replay import snapshots
from dfa_lab.runs.replay.snapshots import Snapshots, Spacing
from dfa_lab.train import state_file
from dfa_lab.train.state_file import read
from dfa_lab.train.trainer import Trainer
from tests import children
from tests.runs.patience import PATIENCE, state, status, tiny, until, until_state, until_step
from tests.runs.store.test_store_disk import mountable

LARGE = {"rules": "dfa", "num_hidden": 400, "num_layers": 2}  # snapshots of 3 MB


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "FIRST", 0.0)
    monkeypatch.setattr(snapshots, "COST", 0)


def taken(folder: Path, steps: int, id: str = "a", owners: dict[str, str] | None = None, **settings: object) -> Snapshots:
    """One after every step."""
    kept, trainer = Snapshots(folder, owners=lambda: owners or {}), Trainer(tiny(**{"rules": "dfa", **settings}))
    for _ in range(steps):
        next(trainer)
        kept.take(id, trainer, Spacing())
        kept.flush()
    kept.close()
    return kept


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.*"))


def test_they_are_thinned_evenly_and_keep_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MOST", 8)
    steps = taken(tmp_path, 60).steps("a")
    gaps = [after - before for before, after in zip([0, *steps], steps, strict=False)]
    assert len(steps) == 8 and steps[-1] == 60
    assert max(gaps) <= 4 * 60 / 8


def test_an_experiment_and_all_of_them_stay_within_their_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = taken(tmp_path, 1)._path("a", 1).stat().st_size
    monkeypatch.setattr(snapshots, "BYTES", 4 * one)
    steps = taken(tmp_path, 10, "b").steps("b")  # logits that are not yet summed up are a part of the state
    assert len(steps) > 1 and steps[-1] == 10 and size(tmp_path / "b") <= 4 * one
    total = size(tmp_path) + one
    monkeypatch.setattr(snapshots, "TOTAL", total)
    os.utime(tmp_path / "a", (1, 1))
    kept = taken(tmp_path, 3, "c")
    assert kept.ids() and kept.steps("a") == [] and kept.steps("c") == [1, 2, 3]
    monkeypatch.setattr(snapshots, "BYTES", 1000)
    assert taken(tmp_path, 3, "d").steps("d") == []  # one alone is too large
    assert size(tmp_path) <= total


def test_one_visitors_snapshots_do_not_take_anothers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owners = {"mine": "me", "first": "other", "second": "other", "third": "other"}
    taken(tmp_path, 2, "mine", owners)
    monkeypatch.setattr(snapshots, "TOTAL", 3 * size(tmp_path) + 4000)  # files differ by a few bytes
    for age, id in enumerate(["mine", "first", "second"], start=1):  # mine is the oldest
        if id != "mine":
            taken(tmp_path, 2, id, owners)
        os.utime(tmp_path / id, (age, age))
    kept = taken(tmp_path, 2, "third", owners)
    assert kept.steps("first") == [] and kept.steps("mine") == kept.steps("second") == kept.steps("third") == [1, 2]
    kept = taken(tmp_path, 5, "third", owners)  # who has one alone and takes most has fewer of it
    assert kept.steps("mine") == [1, 2] and kept.steps("second") == [] and 2 < len(kept.steps("third")) <= 5
    assert size(tmp_path) <= snapshots.TOTAL


def test_distances_grow_with_the_training_and_with_the_cost() -> None:
    assert Spacing().due(snapshots.FIRST) and not Spacing().due(0.9 * snapshots.FIRST)
    assert not Spacing(last=3600).due(3600 + 0.9 * 3600 / snapshots.MOST)
    assert Spacing(last=3600).due(3601 + 3600 / snapshots.MOST)
    assert not Spacing(last=10, cost=1).due(59) and Spacing(last=10, cost=1).due(61)


def test_they_go_with_their_experiment_and_with_the_demonstration(tmp_path: Path, often: None) -> None:
    first = Manager(tmp_path)
    id = first.start(tiny(epochs=5))
    until_state(first, id, "finished")
    demo = first.start(tiny(epochs=5), demo=True)
    until_state(first, demo, "finished")
    first.snapshots.flush()
    assert first.snapshots.steps(id)[-1] == first.snapshots.steps(demo)[-1] == 15
    first.delete(id)
    assert first.snapshots.ids() == [demo]
    first.close()
    (tmp_path / "snapshots" / "nobody").mkdir()
    again = Manager(tmp_path)
    assert again.snapshots.ids() == []
    again.close()


def test_where_nothing_can_be_written_training_goes_on(
    manager: Manager, tmp_path: Path, often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "snapshots").write_text("somebody's file")
    monkeypatch.setattr(snapshots, "RETRY", 0.0)
    id = manager.start(tiny(), pace=200)
    until(lambda: manager.problem)
    assert manager.problem.startswith("Past steps cannot be kept: ") and "is not a folder" in manager.problem
    until_step(manager, id, status(manager, id).step + 5)
    (tmp_path / "snapshots").unlink()
    until(lambda: not manager.problem)
    until(lambda: manager.snapshots.steps(id))


def test_a_reserve_is_named_and_the_disk_is_not_called_full(
    manager: Manager, tmp_path: Path, often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "FREE", 10**18)
    manager.start(tiny(), pace=200)
    until(lambda: manager.problem)
    free = rf"The disk that holds {re.escape(str(tmp_path))}\S* has [\d.]+ [kMGT]B free"
    assert re.search(rf"{free}; a snapshot takes [\d.]+ kB, and 1000000.0 TB are left to all else: free some", manager.problem)
    assert "full" not in manager.problem


def full_disk(folder: Path) -> None:
    """In a process of its own, on a file system of 8 MB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=True)
    snapshots.FIRST, snapshots.COST, snapshots.FREE, snapshots.RETRY = 0.0, 0, 0, 0.05
    live.FIRST = live.RARELY = 1e6  # a checkpoint would take the place that a snapshot has just found
    manager = Manager(folder)
    id = manager.start(tiny(**LARGE), pace=100)
    until(lambda: manager.problem)
    assert " free; a snapshot takes 1." in manager.problem and "is full" not in manager.problem, manager.problem
    at = status(manager, id).step
    until_step(manager, id, at + 10)
    assert state(manager, id) == "running"
    for path in manager.snapshots._files(id):
        path.unlink()
    until(lambda: manager.snapshots.steps(id) and not manager.problem)
    for step in manager.snapshots.steps(id):
        manager.snapshots.load(id, step)
    manager.stop(id)
    print("went on", flush=True)
    manager.close()


def test_full_disk(tmp_path: Path) -> None:
    if not mountable(tmp_path):
        pytest.skip("no file system can be mounted here")
    done = children.run(__file__, "full", str(tmp_path), timeout=PATIENCE, mounting=True)
    assert done.returncode == 0 and "went on" in done.stdout, done.stdout + done.stderr


def serve(folder: Path) -> None:
    """An experiment whose snapshots or checkpoints are written all the time; its network is worth several threads."""
    snapshots.FIRST, snapshots.COST, snapshots.MOST, live.OFTEN = 0.0, 0, 5, 0.0
    write = state_file.save_file

    def slowly(tensors: dict, path: Path, metadata: dict) -> None:
        """As a disk with much to do: half of the file is there for a while before the rest."""
        write(tensors, path, metadata=metadata)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        time.sleep(0.1)
        path.write_bytes(whole)

    state_file.save_file = slowly
    print(Manager(folder).start(tiny(**LARGE | {"num_hidden": 700}), keep=True), flush=True)
    time.sleep(PATIENCE)


@pytest.mark.parametrize("what", ["snapshot", "checkpoint"])
def test_killed_while_one_is_written(tmp_path: Path, what: str) -> None:
    with children.Child(__file__, "serve", str(tmp_path)) as process:
        id = process.stdout.readline().strip()
        folder = tmp_path / "snapshots" / id if what == "snapshot" else tmp_path / "checkpoints"
        until(lambda: list(folder.glob("*.safetensors")))
        until(lambda: list(folder.glob("*.part")), "a file that is half written")
        process.kill()
    half = list(folder.glob("*.part"))
    manager = Manager(tmp_path, resume=False)
    try:
        assert state(manager, id) == "interrupted" and not list(folder.glob("*.part")), half
        for path in folder.glob("*.safetensors"):
            read(path)  # every one is whole
        last = manager.last_step(id)
        until(lambda: manager.replays.ask(id, last).over)
        found = manager.replays.ask(id, last)
        assert found.state == "ready" and found.exact and "damaged" not in found.note
        assert found.trainer and found.trainer.threads == 1  # as it had, whatever this process has
    finally:
        manager.close()


if __name__ == "__main__":
    full_disk(Path(sys.argv[2])) if sys.argv[1] == "full" else serve(Path(sys.argv[2]))
