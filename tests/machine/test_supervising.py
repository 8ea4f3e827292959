"""What stands beside the server starts it again where the system has killed it, and otherwise ends as it does."""

import signal
import sys
import time
from pathlib import Path

import pytest

from app.shell import restarted
from dfa_lab.machine import memory, supervising
from dfa_lab.machine.starvation import Starvation
from tests.children import Child, run
from tests.runs.patience import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be divided there")
# Comes to its end in the ways that it is told, one life after the other.
SERVER = """
import os, signal, sys, time
from dfa_lab.machine import supervising
supervising.FIRST = 0.01
supervising.supervise()
print(supervising.before and supervising.before.by, flush=True)
with open("lives", "a+") as file:
    file.seek(0)
    way = sys.argv[1 + len(file.read())]
    file.write("x")
if way == "wait":
    time.sleep(600)
if way.isdecimal():
    sys.exit(int(way))
os.kill(os.getpid(), getattr(signal, way))
"""


def test_it_is_started_again_after_a_crash_and_ends_as_the_server_does(tmp_path: Path) -> None:
    ended = run("-c", SERVER, "SIGKILL", "SIGABRT", "7", cwd=tmp_path)
    assert ended.returncode == 7
    assert ended.stdout.split() == ["None", "SIGKILL", "SIGABRT"]
    assert "the server was ended by SIGKILL" in ended.stderr and "number 2 of at most 5 within 10 minutes" in ended.stderr


def test_not_for_ever_and_not_after_a_signal_that_asks_it_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(supervising.VARIABLE, "1")
    ended = run("-c", SERVER, "SIGBUS", "SIGBUS", "0", cwd=tmp_path)
    assert ended.returncode == 128 + signal.SIGBUS
    assert "SIGBUS, 2 times within 10 minutes, and is not started again" in ended.stderr
    (tmp_path / "lives").unlink()
    assert run("-c", SERVER, "SIGTERM", "0", cwd=tmp_path).returncode == -signal.SIGTERM


def test_it_passes_on_that_it_is_to_end(tmp_path: Path) -> None:
    with Child("-c", SERVER, "wait", "0", cwd=tmp_path) as child:
        until(lambda: (tmp_path / "lives").is_file())
        child.send_signal(signal.SIGINT)
        said, _ = child.communicate(60)
    assert (child.returncode, said.split()) == (-signal.SIGTERM, ["None"])


def group(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n")


@pytest.mark.parametrize("version", [1, 2])
def test_the_kernel_counts_whom_it_ends_for_want_of_memory(
    version: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the group of the process itself; limits of those around it hold too."""
    v2, v1 = tmp_path / "cgroup", tmp_path / "cgroup" / "memory"
    for name, there in (("V2", v2), ("V1", v1), ("OWN", tmp_path / "own")):
        monkeypatch.setattr(memory, name, there)
    monkeypatch.setattr(memory, "NAMES", dict(zip((v2, v1), memory.NAMES.values(), strict=True)))
    (tmp_path / "own").write_text("3:cpu,memory:/labs/one\n1:cpu:/other\n" if version == 1 else "0::/labs/one\n")
    labs = (v1 if version == 1 else v2) / "labs"
    limit, used, _, kills = memory.NAMES[v1 if version == 1 else v2]
    cached = "total_inactive_file" if version == 1 else "inactive_file"
    group(labs, **{limit: 1000 * 2**20, used: 300 * 2**20, "memory.stat": f"{cached} {100 * 2**20}"})
    group(labs / "one", **{limit: "max", used: 1, "memory.stat": "x 1", kills: "under_oom 0\noom_kill 3"})
    assert (memory.available(), memory.free()) == (1000 * 2**20, 800 * 2**20)
    starvation = Starvation()
    assert not starvation.was()
    group(labs / "one", **{kills: "oom_kill 4"})
    assert starvation.was()
    for _ in range(10):
        starvation.look()
    assert not starvation.was()  # that was another one
    group(labs, **{used: 1060 * 2**20})
    starvation.look()
    assert starvation.was()  # somebody else has ended it, but there was hardly any memory


def test_visitors_are_told_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    assert restarted.notice() == ""
    monkeypatch.setattr(supervising, "before", supervising.Ended("SIGKILL", True, time.time()))
    assert "had no memory left" in restarted.notice() and "but for what took most memory" in restarted.notice()
    monkeypatch.setattr(supervising, "before", supervising.Ended("SIGKILL", True, time.time() - restarted.TOLD - 1))
    assert restarted.notice() == ""
