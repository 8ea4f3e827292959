"""What snapshots cost training: steps a second with them against none, and how long replays of past steps take.

    python benchmarks/snapshots.py            (about two minutes on two cores)

Both conditions alternate on the same running experiment; medians and their ratio are printed.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path
from statistics import median

from machine import Figure, describe, figure, report, table

from dfa_lab.runs.manager import Manager
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse

CASES = {"digits, mlp 2×100, 3 rules": 100, "digits, mlp 2×800, 3 rules": 800}
REPLAYS = 20


def begun(manager: Manager, experiment: Experiment) -> str:
    """The id of an experiment, once it trains."""
    id = manager.start(experiment)
    while (status := manager.status(id)) is None or status.rate == 0:
        time.sleep(0.1)
    return id


def steps_per_second(manager: Manager, id: str, seconds: float) -> float:
    def step() -> int:
        status = manager.status(id)
        assert status is not None and status.state == "running"
        return status.step

    before, began = step(), time.perf_counter()
    time.sleep(seconds)
    return (step() - before) / (time.perf_counter() - began)


def waits(manager: Manager, id: str, last: int) -> list[float]:
    """Seconds for each of some steps that have nothing to do with each other, one after the other, training stopped."""
    found = []
    for step in random.Random(0).sample(range(last), REPLAYS):
        manager.replays.forget(id)
        began = time.perf_counter()
        while not manager.replays.ask(id, step).over:
            time.sleep(0.005)
        found.append(time.perf_counter() - began)
        assert manager.replays.ask(id, step).exact, manager.replays.ask(id, step).note
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--trained", type=float, default=30, help="seconds of training before the replays")
    given = parser.parse_args()
    print(describe(), flush=True)
    rows, figures = [], []
    for name, hidden in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            manager = Manager(Path(folder))
            experiment = parse({"dataset": "digits", "rules": "bp,fa,dfa", "epochs": 100_000, "num_hidden": hidden})
            id = begun(manager, experiment)
            without, with_them = [], []
            for _ in range(given.repeats):
                manager.snapshots._not_before = float("inf")
                without.append(steps_per_second(manager, id, given.seconds))
                manager.snapshots._not_before = 0.0
                with_them.append(steps_per_second(manager, id, given.seconds))
            manager.stop(id)
            id = begun(manager, experiment)
            time.sleep(given.trained)
            cost = manager._lives[id].spacing.cost
            manager.stop(id)
            manager.snapshots.flush()
            kept = manager.snapshots.steps(id)
            ratios = [b / a for a, b in zip(without, with_them, strict=True)]
            ratio = median(ratios)
            replays = waits(manager, id, kept[-1])
            speeds = [f"{median(without):.0f}", f"{median(with_them):.0f}", f"{ratio:.2f}"]
            rows.append([name, *speeds, f"{1000 * cost:.0f} ms", f"{median(replays):.2f} s", f"{max(replays):.2f} s"])
            figures.append(figure(f"{name}: steps/s with snapshots against without", ratios, target="≥ 0.95"))
            figures.append(Figure(f"{name}: one snapshot", 1000 * cost, "ms"))
            figures.append(figure(f"{name}: a replay after {given.trained:g} s of training", replays, "s"))
            manager.close()
    print(
        table(
            ["experiment", "steps/s without", "steps/s with", "ratio (median of pairs)", "kept", "replay, median", "longest"],
            rows,
        )
    )
    report(figures, quiet=True)


if __name__ == "__main__":
    main()
