"""What an epoch costs beside its arithmetic: the trainer's loop, Python and dispatch, page faults; and what threads gain.

    python benchmarks/epoch.py            (about two minutes on two cores; --profile for where the time goes)

Random images of MNIST's size, resident. The overhead is the time of the same step of the same trainer with one unit in each
layer: the same Python and the same calls, but hardly any arithmetic. Blocks of steps alternate; medians are reported.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch
from machine import Figure, describe, figure, report
from random_data import random_data

from dfa_lab.data import DataSet
from dfa_lab.machine.device import ALL_THREADS, threads
from dfa_lab.settings.parsing import parse
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.trainer import Trainer

RULES = ("bp", "fa", "dfa")
BLOCK = 20  # steps
WARM = 450  # steps until the tallies have been summed up once and memory no longer grows
THREADED = {"2×100": (100, 2), "7×240": (240, 7), "2×800": (800, 2)}


def trainer(rule: str, dataset: DataSet, units: int, layers: int = 2, **settings: object) -> Trainer:
    """One that neither measures nor tests, but trains and records as always."""
    given = {"num_hidden": units, "num_layers": layers, "rules": rule, "learning_rate": 1e-4, "device": "cpu", "epochs": 100}
    made = Trainer(parse(given | settings), dataset)
    made.quiet = True
    return made


def alternating(blocks: dict[str, Callable[[], None]], repeats: int) -> dict[str, list[float]]:
    """Milliseconds a step of each, by blocks that take turns; each block is BLOCK calls. The first round does not count."""
    times: dict[str, list[float]] = {name: [] for name in blocks}
    for turn in range(repeats + 1):
        for name, step in blocks.items():
            began = perf_counter()
            for _ in range(BLOCK):
                step()
            if turn:
                times[name].append(1000 * (perf_counter() - began) / BLOCK)
    return times


def loop(dataset: DataSet, repeats: int) -> list[Figure]:
    """For each rule the trainer's loop, the run's step alone, and the overhead."""
    found = []
    tiny = random_data((1, 1, 1))
    for rule in RULES:
        whole, bare = trainer(rule, dataset, 800), trainer(rule, dataset, 800)
        fleet = Fleet(bare.runs)
        empty = trainer(rule, tiny, 1, threads=whole.threads)
        x, t = bare.next_batch(0)
        torch.set_num_threads(whole.threads)
        steps = {
            "loop": lambda whole=whole: next(whole),
            "step": lambda fleet=fleet, x=x, t=t: fleet.step({0: (x, t)}, 0),
            "overhead": lambda empty=empty: next(empty),
        }
        times = alternating(steps, repeats)
        pairs = list(zip(times["loop"], times["step"], times["overhead"], strict=True))
        found += [
            figure(f"{rule}, 2×800: a step in the trainer's loop", times["loop"], "ms"),
            figure(f"{rule}, 2×800: of it the loop, with the batch", [100 * (1 - s / l) for l, s, _ in pairs], "%"),
            figure(f"{rule}, 2×800: of it Python and dispatch", [100 * o / l for l, _, o in pairs], "%", "≤ 6 %"),
        ]
    return found


def shared(dataset: DataSet, repeats: int) -> list[Figure]:
    """What all threads gain over one, and whether `threads` chooses the better."""
    found = []
    for name, (units, layers) in THREADED.items():
        both = {count: trainer("bp", dataset, units, layers, threads=count) for count in (1, ALL_THREADS)}
        times = alternating({str(n): lambda one=one: next(one) for n, one in both.items()}, repeats)  # type: ignore[misc]
        ratios = [many / one for many, one in zip(times[str(ALL_THREADS)], times["1"], strict=True)]
        chosen = threads(max(both[1].runs[0].network.multiplications()) * 64)
        about = f"bp, {name}: {ALL_THREADS} threads against one ({chosen} by the lab's rule)"
        found.append(figure(about, ratios))
    return found


def count_faults(steps: int) -> None:
    """In a process of its own: page faults and milliseconds of a 2×800 step, as one line of JSON."""
    dataset = random_data((1, 28, 28), train=30_000)
    one = trainer("bp", dataset, 800)
    for _ in range(WARM):
        next(one)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_minflt, perf_counter()
    for _ in range(steps):
        next(one)
    took, after = perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    print(json.dumps([(after - before) / steps, 1000 * took / steps]))


def faults(repeats: int, steps: int) -> list[Figure]:
    """With memory kept, and left as the C library does it by itself."""
    found: dict[str, list[list[float]]] = {"kept": [], "left": []}
    for _ in range(repeats):
        for way, samples in found.items():
            command = [sys.executable, str(Path(__file__).resolve()), "--count-faults", "--steps", str(steps)]
            environment = {**os.environ, "DFA_LAB_MEMORY": way}
            done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            samples.append(json.loads(done.stdout))
    kept, left = found["kept"], found["left"]
    return [
        figure("2×800: page faults of a step, memory kept", [f for f, _ in kept], "faults/step", "≤ 1 fault/step"),
        figure("2×800: page faults of a step, memory left to the C library", [f for f, _ in left], "faults/step"),
        figure("2×800: time of a step, kept against left", [k / l for (_, k), (_, l) in zip(kept, left, strict=True)]),
    ]


def profile(dataset: DataSet) -> None:
    """Where the time of 300 steps of each rule goes."""
    for rule in RULES:
        one = trainer(rule, dataset, 800)
        for _ in range(BLOCK):
            next(one)
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as seen:
            for _ in range(300):
                next(one)
        print(f"{rule}\n{seen.key_averages().table(sort_by='self_cpu_time_total', row_limit=15)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--processes", type=int, default=3, help="pairs of processes whose page faults are counted")
    parser.add_argument("--steps", type=int, default=400, help="steps in which page faults are counted")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--count-faults", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.count_faults:
        count_faults(given.steps)
        return
    print(describe(), flush=True)
    dataset = random_data((1, 28, 28))
    if given.profile:
        profile(dataset)
        return
    report([*loop(dataset, given.repeats), *shared(dataset, given.repeats), *faults(given.processes, given.steps)])


if __name__ == "__main__":
    main()
