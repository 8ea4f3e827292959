"""A server that is killed while it trains what is kept (a real process: this file, run as a script)."""

import sys
import time
from pathlib import Path

from patience import status, tiny, until_state

from dfa_lab.runs import live
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.resuming import RESUMED
from dfa_lab.train.trainer import Trainer
from tests.children import Child
from tests.holding import held

ROOT = Path(__file__).parents[2]
EXPERIMENT = tiny(epochs=60, rules="dfa", seeds="0,1", optimizer="adam", measure_every=5)


def serve(folder: Path) -> None:
    live.OFTEN = 0.1
    manager = Manager(folder)
    id = manager.start(EXPERIMENT, pace=60, title="paper/test", keep=True)
    print(id, flush=True)
    with held(after=100):  # of 180: it does not come to its end before it is killed
        while True:
            time.sleep(0.02)
            if manager.checkpoints.has(id):
                print(manager.checkpoints.step(id, EXPERIMENT), status(manager, id).step, flush=True)


def test_killed_and_continued_bit_for_bit(tmp_path: Path) -> None:
    process = Child(__file__, str(tmp_path))
    try:
        id = process.stdout.readline().strip()
        while True:
            kept, at = map(int, process.stdout.readline().split())
            if at >= 60 and at > kept:  # in the middle between two checkpoints
                break
    finally:
        process.kill()
        process.close()
    manager = Manager(tmp_path)
    try:
        manager.set_pace(id, 0)
        until_state(manager, id, "finished")
        (begun, again) = (event.text for event in manager.store.events(id) if event.kind == RESUMED)
        assert begun == "at step 0" and int(again.removeprefix("at step ")) >= kept
        wanted = [record._replace(seconds=0.0) for due in Trainer(EXPERIMENT) for record in due]
        assert [record._replace(seconds=0.0) for record in manager.store.records(id)] == wanted
    finally:
        manager.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
