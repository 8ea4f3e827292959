"""Disks that are full, folders that cannot be used, files that are not ours: runs go on and the store says why."""

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from dfa_lab.records import Record
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.experiment import Experiment
from tests import children
from tests.runs.patience import PATIENCE, nobody_waits

resource = pytest.importorskip("resource", reason="file size limits are POSIX")

BATCH = [Record(0, "train_loss", None, i / 7, i, 0.0, 0, 0.0) for i in range(500)]
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def run(how: str, folder: Path, *, mounting: bool = False) -> None:
    done = children.run("-W", "error", __file__, how, str(folder), timeout=PATIENCE, mounting=mounting)
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)


def mountable(folder: Path) -> bool:
    try:
        command = [*NAMESPACE, "mount", "-t", "tmpfs", "tmpfs", str(folder)]
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def fill_and_free(how: str, folder: Path) -> None:
    """Record until the disk is full and some more, see that reading works, free space, and find everything."""
    if how == "tmpfs":
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], check=True)
        (folder / "ballast").write_bytes(bytes(1_200_000))
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
    store = Store(folder)
    assert store.problem == ""
    store.create("a", Experiment())
    store.set_state("a", "running")
    recorded = 0
    while not store.problem and recorded < 40_000:
        store.add_records("a", BATCH)
        recorded += len(BATCH)
        time.sleep(0.05)
    print(recorded, store.problem)
    assert "waits in memory" in store.problem and ("is full" in store.problem or how != "tmpfs")
    start = time.thread_time()
    with nobody_waits():
        store.add_records("a", BATCH)
        store.create("b", Experiment())
        assert 0 < store.count("a") < recorded
    print(f"read {time.thread_time() - start:.3f} s while the disk was full")
    assert time.thread_time() - start < 0.5
    if how == "tmpfs":
        (folder / "ballast").unlink()
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert store.flush(PATIENCE)
    assert store.problem == ""
    assert store.records("a") == BATCH * (recorded // len(BATCH) + 1)
    assert store.get("b") is not None
    store.close()


def read_only(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)], check=True)
    memory_only(folder, "cannot be written to.")


def memory_only(folder: Path, reason: str) -> None:
    """The store works, says that it does not keep, and why."""
    store = Store(folder)
    assert store.problem.startswith("Runs are not being kept: ") and store.problem.endswith("Give another folder with --runs.")
    assert reason in store.problem, store.problem
    print(store.problem)
    store.create("a", Experiment())
    store.add_records("a", BATCH)
    store.add_event("a", "started")
    found = store.get("a")
    assert found is not None and found.state == "queued"
    assert store.records("a") == BATCH and len(store.events("a")) == 1
    store.close()


def test_full_disk(tmp_path: Path) -> None:
    if not mountable(tmp_path):
        pytest.skip("no file system can be mounted here")
    run("tmpfs", tmp_path, mounting=True)


def test_write_limit(tmp_path: Path) -> None:
    run("limit", tmp_path)


def test_read_only_folder(tmp_path: Path) -> None:
    if mountable(tmp_path):
        run("read-only", tmp_path, mounting=True)
    elif os.getuid():
        tmp_path.chmod(0o500)
        memory_only(tmp_path, "cannot be written to.")
    else:
        pytest.skip("root, and no file system can be mounted here")


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("mine")
    memory_only(tmp_path / "runs", "is not a folder.")
    memory_only(tmp_path / "runs" / "deeper", "is not a folder.")
    assert (tmp_path / "runs").read_text() == "mine"


def test_newer_schema_is_left_alone(tmp_path: Path) -> None:
    Store(tmp_path).close()
    path = tmp_path / "runs.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE meta SET value = '7'")
    before = path.read_bytes()
    memory_only(tmp_path, "newer DFA Lab (format 7, this one knows 3).")
    assert path.read_bytes() == before


@pytest.mark.parametrize("what", ["text", "other database", "damaged"])
def test_a_file_that_is_not_ours_is_kept(tmp_path: Path, what: str) -> None:
    path = tmp_path / "runs.sqlite"
    if what == "text":
        path.write_bytes(b"not a database, but somebody's only copy\n" * 500)
    elif what == "other database":
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE recipes (name)")
    else:
        with closing(Store(tmp_path)) as store:
            store.create("a", Experiment())
            store.add_records("a", BATCH * 20)
        content = path.read_bytes()
        path.write_bytes(content[:20_000] + os.urandom(60_000) + content[80_000:])
    before = path.read_bytes()
    for _ in range(2):
        with closing(Store(tmp_path)) as store:
            print(store.problem)
            assert "runs.sqlite in" in store.problem and "runs are kept in runs-2.sqlite" in store.problem
            store.create("b", Experiment())
            store.add_records("b", BATCH)
    with closing(Store(tmp_path)) as store:
        assert store.records("b") == BATCH * 2
    assert path.read_bytes() == before


def test_a_corrupted_page_takes_only_what_was_on_it(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    names = ("a", "b", "c")
    with closing(Store(tmp_path)) as store:
        for name in names:
            store.create(name, Experiment())
            store.add_event(name, "note", name)
            store.add_records(name, BATCH * 8)
            store.set_state(name, "finished")
        assert store.flush()
    content = bytearray(path.read_bytes())
    size = 4096
    pages = [n for n in range(len(content) // size) if content[n * size : (n + 1) * size].count(b"train_loss") > 20]
    page = pages[len(pages) // 2]  # of the records of b
    content[page * size : (page + 1) * size] = os.urandom(size)
    path.write_bytes(content)
    with closing(Store(tmp_path)) as store:
        assert "runs are kept in runs-2.sqlite" in store.problem
        assert "What could be read of it was copied: 3 experiments, 1 of them with gaps." in store.problem
        assert [one.id for one in store.experiments()] == ["c", "b", "a"]
        assert store.records("a") == store.records("c") == BATCH * 8
        kept = store.records("b")
        assert 8 * len(BATCH) - 200 < len(kept) < 8 * len(BATCH) == store.count("a") and store.count("b") == len(kept)
        assert store.events("b")[0].text == "b" and "damaged page" in store.events("b")[-1].text
        assert set(store.finals(names)["value"]) == {BATCH[-1].value}
        store.add_records("b", BATCH)
        assert store.records("b") == [*kept, *BATCH]
    assert path.read_bytes() == bytes(content)
    with closing(Store(tmp_path)) as store:  # once, not at every start
        assert len(store.experiments()) == 3 and "copied" not in store.problem and len(store.records("b")) == len(kept) + 500


def test_file_taken_away_and_put_back(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "runs")) as store:
        store.create("a", Experiment())
        store.add_records("a", BATCH)
        store.flush()
        (tmp_path / "runs").rename(tmp_path / "elsewhere")
        store.add_records("a", BATCH)
        assert not store.flush(0.5)
        assert "no longer there" in store.problem
        assert store.records("a") == []
        (tmp_path / "elsewhere").rename(tmp_path / "runs")
        assert store.flush(PATIENCE)
        assert store.records("a") == BATCH * 2
        assert store.problem == ""


if __name__ == "__main__":
    read_only(Path(sys.argv[2])) if sys.argv[1] == "read-only" else fill_and_free(sys.argv[1], Path(sys.argv[2]))
