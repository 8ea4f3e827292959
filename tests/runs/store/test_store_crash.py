"""Processes that are killed, and two servers on one folder: each a real process (this file, run as a script)."""

import sys
import time
from contextlib import closing
from pathlib import Path

from dfa_lab.records import Record
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.experiment import Experiment
from tests.children import Child
from tests.runs.patience import until

ROOT = Path(__file__).parents[3]


def record(step: int) -> Record:
    return Record(0, "train_loss", None, 0.5, step, 0.0, 0, 0.0)


def child(folder: Path) -> Child:
    """A server that records a step every few milliseconds, and says each step and when."""
    return Child(__file__, str(folder))


def stream(folder: Path) -> None:
    store = Store(folder)
    for name in ("streaming", "waiting", "done"):
        store.create(name, Experiment())
    store.set_state("streaming", "running")
    store.set_state("done", "finished")
    step = 0
    while True:
        store.add_records("streaming", [record(step), record(step)])
        print(step, time.monotonic(), flush=True)
        time.sleep(0.003)
        step += 1


def said_until(process: Child, step: int, seconds: float) -> list[tuple[int, float]]:
    """The (step, time) lines until so many seconds after it has said this step."""
    lines = [(-1, 0.0)]
    when = None
    while when is None or lines[-1][1] < when + seconds:
        number, at = process.stdout.readline().split()
        lines.append((int(number), float(at)))
        if when is None and lines[-1][0] >= step:
            when = lines[-1][1]
    return lines[1:]


def kill(process: Child) -> tuple[float, list[tuple[int, float]]]:
    """When it was killed, and the (step, time) lines that nobody has read yet."""
    at = time.monotonic()
    process.kill()
    lines = process.stdout.read().splitlines()
    process.close()
    return at, [(int(step), float(when)) for step, when in (line.split() for line in lines if len(line.split()) == 2)]


def first_line(process: Child) -> None:
    assert process.stdout.readline()


def test_killed_in_the_middle_of_a_stream(tmp_path: Path) -> None:
    process = child(tmp_path)
    said = said_until(process, step=60, seconds=1.2)
    killed, rest = kill(process)
    said += rest
    old = [step for step, when in said if when < killed - 1]
    assert len(old) > 50
    with closing(Store(tmp_path)) as store:
        assert store.problem == ""
        steps = [record.step for record in store.records("streaming")]
        assert steps == [i // 2 for i in range(len(steps))]
        assert steps[-1] >= old[-1]
        print(f"recorded to step {said[-1][0]}, kept to step {steps[-1]}, a second before the kill: step {old[-1]}")
        found = {e.id: (e.state, e.sentence) for e in store.experiments()}
        assert found == {
            "streaming": ("interrupted", f"The server stopped at step {steps[-1]}; everything measured until then is here."),
            "waiting": ("interrupted", "The server stopped before anything was measured."),
            "done": ("finished", ""),
        }
        assert [event.kind for event in store.events("streaming")] == ["interrupted"]
        assert len(list(tmp_path.glob("server-*.lock"))) == 1
        store.set_state("streaming", "running")
        assert store.flush(5)
        with closing(Store(tmp_path)) as other:
            resumed = other.get("streaming")
            assert resumed is not None and resumed.state == "running"
    assert list(tmp_path.glob("server-*.lock")) == []


def test_two_servers_on_one_folder(tmp_path: Path) -> None:
    process = child(tmp_path)
    try:
        first_line(process)
        with closing(Store(tmp_path)) as store:
            until(lambda: (theirs := store.get("streaming")) is not None and theirs.state == "running")
            until(lambda: (done := store.get("done")) is not None and done.state == "finished")
            store.set_state("streaming", "stopped")
            store.delete("streaming")
            store.create("mine", Experiment())
            store.set_state("mine", "running")
            for step in range(100):
                store.add_records("mine", [record(step)])
                time.sleep(0.003)
            before = store.count("streaming")
            until(lambda: store.count("streaming") > before, "the other one goes on writing")
            theirs = store.get("streaming")
            assert theirs is not None and theirs.state == "running"
            assert store.count("mine") == 100
            store.notice_the_dead()  # it lives
            assert (theirs := store.get("streaming")) is not None and theirs.state == "running"
            kill(process)
            store.notice_the_dead()
            assert (theirs := store.get("streaming")) is not None and theirs.state == "interrupted"
            with closing(Store(tmp_path)) as third:
                states = {e.id: e.state for e in third.experiments()}
            assert states == {"streaming": "interrupted", "waiting": "interrupted", "done": "finished", "mine": "running"}
            store.delete("streaming")
            assert store.get("streaming") is None and store.count("streaming") == 0
            assert store.problem == ""
    finally:
        if process.poll() is None:
            kill(process)


if __name__ == "__main__":
    stream(Path(sys.argv[1]))
