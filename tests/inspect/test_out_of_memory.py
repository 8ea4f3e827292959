"""A server in a container without memory (a real one: this file, run as a script): the map goes, and the training goes on."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from dfa_lab.inspect.mapping import KILLED, Mapping
from dfa_lab.runs.manager import Manager
from tests.runs.patience import status, tiny, until, until_step

ROOT = Path(__file__).parents[2]
V1, V2 = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
# Bytes beside what the server holds: less than a map's process takes. The kernel adds the whole limit to what it reckons of
# that process, so it has to be more than the server has mapped of libraries that are reckoned elsewhere.
ROOM = 400 * 2**20


def group() -> Path:
    """A control group of its own. Raises OSError where none can be made."""
    made = (V1 if V1.is_dir() else V2) / f"dfa-lab-test-{os.getpid()}-{time.monotonic_ns()}"
    made.mkdir()
    return made


def serve(folder: Path, limits: Path) -> None:
    """Train, and draw a map for which there is no memory."""
    manager = Manager(folder)
    id = manager.start(tiny(threads=1), pace=50.0)
    until_step(manager, id, 2)
    layer = np.random.default_rng(0).normal(size=(5000, 4000)).astype(np.float32)
    until_step(manager, id, status(manager, id).step + 20)
    with suppress(OSError):
        (limits / "memory.swappiness").write_text("0")
    with suppress(OSError):
        (limits / "memory.swap.max").write_text("0")
    version_2 = (limits / "memory.max").exists()
    used = int((limits / ("memory.current" if version_2 else "memory.usage_in_bytes")).read_text())
    (limits / ("memory.max" if version_2 else "memory.limit_in_bytes")).write_text(str(used + ROOM))
    mapping = Mapping([layer] * 2, np.arange(len(layer)) % 10)
    until(lambda: not mapping.running)
    at = status(manager, id).step
    until_step(manager, id, at + 20)
    print(mapping.problem, flush=True)
    manager.stop(id)
    manager.close()


def test_the_map_is_ended_and_the_server_goes_on(tmp_path: Path) -> None:
    try:
        limits = group()
    except OSError as error:
        pytest.skip(f"no control group can be made here ({error.strerror})")
    try:
        # In the group from the beginning: what the server holds counts there, and so does what a process takes beside it.
        words = ["sh", "-c", 'echo $$ > "$0/cgroup.procs"; exec "$@"', str(limits)]
        words += [sys.executable, __file__, str(tmp_path), str(limits)]
        done = subprocess.run(words, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip().splitlines()[-1] == KILLED
    finally:
        limits.rmdir()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
