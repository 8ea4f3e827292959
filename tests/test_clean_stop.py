"""The lab as systemd, Docker and Ctrl+C stop it, and as a kill does: what ran goes on (real servers)."""

import json
import os
import signal
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from app.shell import restarted
from dfa_lab.runs.manager import Manager
from tests.attacks.visitor import Visitor
from tests.browser.conftest import free_port, healthy
from tests.children import Child
from tests.runs.patience import status, tiny, until, until_state

ROOT = Path(__file__).parents[1]
LONG = tiny(epochs=100_000, rules="dfa", measure_every=50)
# The app with an experiment of a visitor, one that he has paused, and how far they are, in a file that is replaced.
# What starts the app anew does not begin them again.
SERVER = """
import json, os, runpy, sys, threading, time

def begin():
    from dfa_lab.runs.manager import Manager
    from dfa_lab.settings.parsing import parse
    first = Manager.demo
    def demo(self):
        Manager.demo = first
        try:
            with open("told.json") as file:
                ids = json.load(file)[0]
        except OSError:
            ids = [self.start(parse(json.loads(os.environ["LONG"]))) for _ in range(2)]
        def tell():
            while True:
                one, other = map(self.status, ids)
                if other.step and other.state == "running":
                    self.pause(ids[1])
                with open("told.part", "w") as file:
                    has = [self.checkpoints.has(id) for id in ids]
                    json.dump([ids, [one.step, other.step], has, other.state, one.state, os.getpid()], file)
                os.replace("told.part", "told.json")
                time.sleep(0.05)
        threading.Thread(target=tell, daemon=True).start()
        return first(self)
    Manager.demo = demo

begin()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


class Told(NamedTuple):
    ids: list[str]
    steps: list[int]
    has: list[bool]
    state: str  # of the one that he has paused
    running: str  # of the other one
    process: int


def told(folder: Path) -> Told:
    with suppress(OSError, ValueError):
        return Told(*json.loads((folder / "told.json").read_text()))
    return Told([], [0], [False], "", "", 0)


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def server_killed(folder: Path, port: int) -> None:
    """Kill the server alone: what has started it starts another one, on the same port, where what ran goes on."""
    before = told(folder)
    os.kill(before.process, signal.SIGKILL)
    until(lambda: told(folder).process != before.process, "another server begins")
    until(lambda: healthy(f"http://localhost:{port}"), "it answers")
    until(lambda: told(folder).running == "running" and told(folder).steps[0] > before.steps[0], "it goes on")
    assert told(folder).state == "interrupted"  # paused by its owner
    shown = Visitor(f"localhost:{port}")
    with closing(shown):
        assert restarted.SAID.format("", "") in shown.open(page="lessons").text


@pytest.mark.parametrize(
    "command, number",
    [
        (["streamlit", "run", str(ROOT / "app" / "main.py"), "--server.port=PORT"], signal.SIGTERM),
        (["dfa_lab", "ui", "--no-browser", "--port=PORT"], signal.SIGTERM),
        (["dfa_lab", "ui", "--no-browser", "--port=PORT"], signal.SIGINT),
        (["dfa_lab", "ui", "--no-browser", "--port=PORT"], signal.SIGKILL),
    ],
)
def test_what_runs_goes_on_after_the_server_was_stopped_or_killed(command: list[str], number: int, tmp_path: Path) -> None:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if name not in ("DFA_LAB_RUNS", "DISPLAY")}
    environment |= {"PYTHONPATH": str(ROOT), "LONG": json.dumps(LONG.model_dump(mode="json"))}
    words = [word.replace("PORT", str(port)) for word in command]
    printed = tmp_path / "printed"
    with (
        printed.open("w") as output,
        Child("-c", SERVER, *words, cwd=tmp_path, env=environment, stdout=output.fileno(), stderr=output.fileno()) as lab,
    ):
        try:
            until(lambda: healthy(f"http://localhost:{port}") or lab.poll() is not None, "the lab answers")
            until(lambda: told(tmp_path)[2][0] or lab.poll() is not None, "a checkpoint")
            until(lambda: told(tmp_path)[3] == "paused" or lab.poll() is not None, "one is paused")
            if number == signal.SIGKILL:
                server_killed(tmp_path, port)
            ids, steps, *_, process = told(tmp_path)
        finally:
            lab.send_signal(number)
            lab.communicate(timeout=120)
    until(lambda: gone(process), "no server outlives what has started it")
    said = printed.read_text(encoding="utf-8")
    assert lab.returncode == (-number if number == signal.SIGKILL else 0), said
    assert "Traceback" not in said, said
    manager = Manager(tmp_path / "runs", resume=False)
    try:
        assert {status(manager, id).state for id in ids} == {"interrupted"}
        kept = manager.checkpoints.step(ids[0], LONG)
        if number != signal.SIGKILL:
            assert kept >= steps[0]
            assert manager.checkpoints.step(ids[1], LONG) == steps[1]
    finally:
        manager.close()
    manager = Manager(tmp_path / "runs")
    try:
        until_state(manager, ids[0], "running")
        until(lambda: status(manager, ids[0]).step > kept, "it goes on")
        assert status(manager, ids[1]).state == "interrupted"  # its owner had paused it
    finally:
        manager.close()
