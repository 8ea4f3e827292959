"""A server that is killed while it trains (a real process: this file, run as a script)."""

import sys
import time
from math import ceil
from pathlib import Path

import torch
from patience import status, tiny, until_state, until_step

from dfa_lab.runs.manager import Manager
from dfa_lab.train.trainer import Trainer
from tests.children import Child

ROOT = Path(__file__).parents[2]


def serve(folder: Path) -> None:
    manager = Manager(folder)
    ids = [manager.start(tiny(measure_every=2), pace=100), manager.start(tiny(), paused=True)]
    for id in ids:
        print(id, flush=True)
    until_step(manager, ids[0], 1)
    while True:
        print(time.monotonic(), len(manager.records(ids[0])), status(manager, ids[0]).step, flush=True)
        time.sleep(0.02)


def test_killed_in_the_middle_of_training(tmp_path: Path) -> None:
    process = Child(__file__, str(tmp_path))
    said: list[list[str]] = []
    try:
        running, paused = (process.stdout.readline().strip() for _ in range(2))
        said.append(process.stdout.readline().split())
        while len(said) < 8 or int(said[-1][1]) <= 60:
            said.append(process.stdout.readline().split())
        enough = float(said[-1][0])
        while float(said[-1][0]) < enough + 1.2:  # more than a second later
            said.append(process.stdout.readline().split())
    finally:
        killed = time.monotonic()
        process.kill()
        said += [line.split() for line in process.stdout.read().splitlines() if line.count(" ") == 2]
        process.close()
    before = [(int(records), int(step)) for when, records, step in said[:-1] if float(when) < killed - 1]
    assert len(before) > 5 and before[-1][0] > 50
    manager = Manager(tmp_path, resume=False)
    try:
        found = status(manager, running)
        kept = manager.records(running)
        assert len(kept) >= before[-1][0] and kept[-1].step >= before[-1][1] - 3
        assert found.state == "interrupted"
        assert found.sentence == f"The server stopped at step {found.step}; everything measured until then is here."
        assert found.step == kept[-1].step
        epochs = ceil(found.epoch) + 1
        manager.train_on(running, epochs)
        until_state(manager, running, "finished")
        manager.snapshots.flush()
        alone = Trainer(tiny(measure_every=2, epochs=epochs))
        for _ in alone:
            pass
        tensors = manager.snapshots.load(running, alone.step)[0]
        wrong = [name for name, tensor in alone.state()[0].items() if not torch.equal(tensors[name], tensor)]
        again = [record._replace(seconds=0.0) for record in manager.store.records(running)]
        # The last step may be measured once more, at the distances of so many epochs.
        whole = [record._replace(seconds=0.0) for record in kept if record.step < found.step]
        assert not wrong and again[: len(whole)] == whole
        assert len(set(again)) == len(again) and {record.step for record in again} >= set(range(2, alone.step, 2))
        waited = status(manager, paused)
        assert (waited.state, waited.sentence) == ("interrupted", "The server stopped before anything was measured.")
    finally:
        manager.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
