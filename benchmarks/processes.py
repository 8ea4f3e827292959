"""Worker processes against one: how long whole trainings of the command line take.

    python benchmarks/processes.py            (about three minutes on two cores)

Each is a command as a person would give it, on digits; the seconds are from Enter to the table, imports included. One
process with its usual threads, and the processes named, alternate. What the lab would choose by itself is beside it.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter

import torch
from machine import Figure, describe, figure, report

from dfa_lab.data import load
from dfa_lab.machine.device import ALL_THREADS
from dfa_lab.processes.sharing import chosen
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer

CASES = {  # name: (settings, processes)
    "2×100, 3 rules × 3 seeds": ({"num_hidden": 100, "rules": "bp,fa,dfa", "seeds": "0,1,2", "epochs": 80}, 3),
    "2×800, 3 rules": ({"num_hidden": 800, "rules": "bp,fa,dfa", "epochs": 40}, 3),
    "7×240, 3 rules × 2 seeds": ({"num_hidden": 240, "num_layers": 7, "rules": "bp,fa,dfa", "seeds": "0,1", "epochs": 25}, 2),
}
ROOT = Path(__file__).resolve().parent.parent


def seconds(settings: Mapping[str, object], processes: int) -> float:
    words = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "dfa_lab", "train", "--dataset", "digits", "--device", "cpu", "--quiet", *words]
    began = perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([*command, "--processes", str(processes)], cwd=ROOT, env=environment, check=True)
    return perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--epochs", type=float, default=1.0, help="times as many epochs as usual")
    given = parser.parse_args()
    print(describe(), flush=True)
    figures: list[Figure] = []
    dataset = load(parse({}), torch.device("cpu"))
    for name, (settings, count) in CASES.items():
        settings = settings | {"epochs": max(1, round(settings["epochs"] * given.epochs))}
        best = chosen(Trainer(parse({"dataset": "digits", "device": "cpu", **settings}), dataset))
        pairs = [(seconds(settings, 1), seconds(settings, count)) for _ in range(given.repeats)]
        about = f"digits {name}, {settings['epochs']} epochs"
        figures.append(figure(f"{about}: one process", [one for one, _ in pairs], "s"))
        figures.append(
            figure(f"{about}: {count} processes against one ({best} by the lab's rule)", [n / one for one, n in pairs])
        )
    print(f"{ALL_THREADS} threads at most")
    report(figures)


if __name__ == "__main__":
    main()
