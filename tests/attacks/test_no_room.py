"""A folder of runs that is opened while its disk is full, after a kill: all is there, and what is new is kept later."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from dfa_lab.records import Record
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.experiment import Experiment
from tests import children
from tests.attacks import starving
from tests.runs.patience import PATIENCE

BATCH = [Record(0, "train_loss", None, i / 7, i, 0.0, 0, 0.0) for i in range(500)]
OPTIONS = {"bytes": "size=2m", "inodes": "nr_inodes=40"}


def fill(folder: Path, what: str) -> None:
    """Until there is no room."""
    (folder / "ballast").mkdir()
    with suppress(OSError):
        for number in range(1000 if what == "inodes" else 0):
            (folder / "ballast" / f"{number}").touch()
        with (folder / "ballast" / "bytes").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(512))


def empty(folder: Path) -> None:
    for file in (folder / "ballast").iterdir():
        file.unlink()


def opened_without_room(folder: Path, what: str) -> None:
    """In a file system of its own."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", OPTIONS[what], "tmpfs", str(folder)], check=True)
    if (killed := os.fork()) == 0:
        store = Store(folder)
        store.create("a", Experiment())
        store.set_state("a", "running")
        store.add_records("a", BATCH)
        assert store.flush(PATIENCE)
        os._exit(0)
    os.waitpid(killed, 0)
    fill(folder, what)
    store = Store(folder)
    print(repr(store.problem))
    assert [one.id for one in store.experiments()] == ["a"] and store.records("a") == BATCH
    store.create("b", Experiment())
    store.add_records("b", BATCH)
    if what == "bytes":
        assert not store.flush(0.5) and "is full" in store.problem and "waits in memory" in store.problem
    empty(folder)
    assert store.flush(PATIENCE) and store.problem == ""
    store.notice_the_dead()
    store.flush(PATIENCE)
    found = store.get("a")
    assert found is not None and found.state == "interrupted" and store.records("b") == BATCH
    store.close()


@pytest.mark.parametrize("what", OPTIONS)
def test_opened_without_room(what: str, tmp_path: Path) -> None:
    """Was opened in memory alone, as if there had never been anything, and stayed so when there was room again."""
    if not starving.possible():
        pytest.skip("no file system can be mounted here")
    done = children.run("-W", "error", __file__, what, str(tmp_path), timeout=PATIENCE, mounting=True)
    assert done.returncode == 0, done.stdout + done.stderr


if __name__ == "__main__":
    opened_without_room(Path(sys.argv[2]), sys.argv[1])
