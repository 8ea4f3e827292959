"""The lab as systemd, Docker and Ctrl+C stop it, and as a kill does: what ran goes on (real servers)."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from dfa_lab.runs.manager import Manager
from tests.browser.conftest import free_port, healthy
from tests.children import Child
from tests.runs.patience import status, tiny, until, until_state

ROOT = Path(__file__).parents[1]
LONG = tiny(epochs=100_000, rules="dfa", measure_every=50)
# The app with an experiment of a visitor, one that he has paused, and how far they are, in a file that is replaced.
SERVER = """
import json, os, runpy, sys, threading, time

def begin():
    from dfa_lab.runs.manager import Manager
    from dfa_lab.settings.parsing import parse
    first = Manager.demo
    def demo(self):
        Manager.demo = first
        ids = [self.start(parse(json.loads(os.environ["LONG"]))) for _ in range(2)]
        def tell():
            while True:
                one, other = map(self.status, ids)
                if other.step and other.state == "running":
                    self.pause(ids[1])
                with open("told.part", "w") as file:
                    json.dump([ids, [one.step, other.step], [self.checkpoints.has(id) for id in ids], other.state], file)
                os.replace("told.part", "told.json")
                time.sleep(0.05)
        threading.Thread(target=tell, daemon=True).start()
        return first(self)
    Manager.demo = demo

begin()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def told(folder: Path) -> tuple[list[str], list[int], list[bool], str]:
    with suppress(OSError, ValueError):
        ids, steps, has, state = json.loads((folder / "told.json").read_text())
        return ids, steps, has, state
    return [], [], [False], ""


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
            ids, steps, _, _ = told(tmp_path)
        finally:
            lab.send_signal(number)
            lab.communicate(timeout=120)
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
