"""What a small experiment keeps beside another visitor's large ones: its steps a second, and its longest silence.

    python benchmarks/neighbours.py            (about two minutes on two cores)

One manager, as a shared server has; every experiment is another visitor's. The small one trains alone, then the large ones
begin, which is the worst moment of a large network: its data, its first test, its first step. Then they are stopped, and it
trains alone again: the speed beside them is compared with the mean of before and after. A silence is the time for which a
reader, who asks for the status every few milliseconds, sees no new step. The images of the convolution are random.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import mean

from machine import Figure, describe, report, table
from random_data import random_data

from dfa_lab import data
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.rights import Visitor
from dfa_lab.settings.parsing import parse

EVERY = 0.004  # seconds between two looks
SILENT = "≤ 0.5"  # seconds, at most
SMALL = {"dataset": "digits", "num_hidden": 100, "rules": "bp,fa,dfa", "epochs": 100_000, "device": "cpu"}
WIDE_CONV = {"dataset": "mnist", "network": "conv"}
WIDE_NETS = {"num_layers": 3, "num_hidden": 4000, "optimizer": "adam"}
CASES = {  # name -> the large ones
    "a wide convolution": [WIDE_CONV],
    "six wide networks": [WIDE_NETS] * 6,
    "six of 2×800": [{"num_hidden": 800}] * 6,
}


class Server:
    """A manager for whom each call acts as the visitor named last."""

    def __init__(self, folder: Path):
        self._acting = ""
        self.manager = Manager(folder, who=lambda: Visitor(self._acting))

    def start(self, owner: str, settings: dict[str, object]) -> str:
        """Begin an experiment of a visitor; its id."""
        self._acting = owner
        return self.manager.start(parse({**SMALL, "rules": "bp", **settings}))

    def stop(self, owner: str, id: str) -> None:
        """End it, and wait until its networks are gone."""
        self._acting = owner
        self.manager.stop(id)
        while self.manager.has_networks(id):
            time.sleep(0.05)


def watched(manager: Manager, id: str, seconds: float) -> tuple[float, float]:
    """(steps a second, longest silence in seconds) of an experiment over the next `seconds`."""
    began = last = time.perf_counter()
    first = step = _step(manager, id)
    silence = 0.0
    while (now := time.perf_counter()) - began < seconds:
        if (reached := _step(manager, id)) != step:
            step, last = reached, time.perf_counter()
        silence = max(silence, time.perf_counter() - last)
        time.sleep(EVERY)
    return (step - first) / (now - began), silence


def _step(manager: Manager, id: str) -> int:
    status = manager.status(id)
    assert status is not None
    return status.step


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="for which it trains beside others; alone, a quarter")
    arguments = parser.parse_args()
    print(describe(), flush=True)
    rows, figures, load = [], [], data.load
    data.load = lambda experiment, device: (
        load(experiment, device) if experiment.dataset == "digits" else random_data((1, 28, 28))
    )
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        small = server.start("small", SMALL)
        while _step(server.manager, small) < 500:
            time.sleep(0.1)
        for name, large in CASES.items():
            before, _ = watched(server.manager, small, arguments.seconds / 4)
            ids = [(f"large {number}", server.start(f"large {number}", settings)) for number, settings in enumerate(large)]
            beside, silence = watched(server.manager, small, arguments.seconds)
            theirs = [_step(server.manager, id) for _, id in ids]
            for owner, id in ids:
                status = server.manager.status(id)
                assert status and status.state == "running", status
                server.stop(owner, id)
            after, _ = watched(server.manager, small, arguments.seconds / 4)
            ratio, share = beside / mean((before, after)), 1 / (1 + len(large))
            figures.append(Figure(f"beside {name}: longest silence", silence, "s", SILENT))
            figures.append(Figure(f"beside {name}: steps/s against alone", ratio, "", f"≥ {share:.2f}"))
            alone = f"{mean((before, after)):.0f}"
            rows.append([name, alone, f"{beside:.0f}", f"{ratio:.2f}", f"≥ {share:.2f}", f"{silence:.2f} s", str(sum(theirs))])
        server.manager.close()
    head = ["beside", "steps/s alone", "steps/s beside", "ratio", "its share", "longest silence", "steps of the large"]
    print(table(head, rows), flush=True)
    report(figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
