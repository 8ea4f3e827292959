"""What measuring costs: each group of measures in training steps of the same runs, and the share of a training that is its own.

    python benchmarks/measuring.py            (about a minute on two cores)

Steps and measurements are interleaved; what is reported are medians of bp, fa and dfa together. Inputs are random.
"""

import argparse
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from statistics import median
from time import perf_counter

import torch
from machine import Figure, describe, report, table

from dfa_lab.settings.measure_settings import MEASURES
from dfa_lab.settings.parsing import parse
from dfa_lab.train.evaluate import measured
from dfa_lab.train.grouping import groups
from dfa_lab.train.plan import Plan
from dfa_lab.train.run import Run
from dfa_lab.train.stepper import Watched

CPU = torch.device("cpu")
CASES = {  # name: (inputs, units, layers, training samples)
    "digits, 2×100": ((1, 8, 8), 100, 2, 1437),
    "MNIST size, 2×800": ((1, 28, 28), 800, 2, 60_000),
    "MNIST size, 10×240": ((1, 28, 28), 240, 10, 60_000),
}


def measure(
    shape: tuple[int, ...], units: int, layers: int, repeats: int, device: torch.device = CPU
) -> tuple[float, dict[str, float]]:
    """(seconds of a step, seconds of each group) of three rules together, as a training makes and measures it."""
    experiment = parse({"num_hidden": units, "num_layers": layers, "rules": "bp,fa,dfa", "learning_rate": 1e-4})
    runs = [Run(experiment, rule, 0, shape, 10, device, torch.float32) for rule in experiment.rules]
    x, px = (torch.rand(size, *shape).to(device) for size in (experiment.batch_size, experiment.probe_size))
    t, pt = (torch.randint(10, (size,)).to(device) for size in (experiment.batch_size, experiment.probe_size))
    active = list(enumerate(runs))
    together = groups(active, experiment)

    def step(watched: Sequence[str] = ()) -> None:
        found: Watched = {}
        for _, stepper in together:
            found |= stepper.step({0: (x, t)}, 0, watched, nullcontext)
        for values in found.values():
            values()

    def probed(wanted: Sequence[str]) -> None:
        for _ in measured(active, together, {0: (px, pt)}, wanted, {}):
            pass

    jobs: dict[str, Callable[[], None]] = {"step": step, "update": partial(step, ["update"])}
    jobs |= {group: partial(probed, [group]) for group in MEASURES if group != "update"}
    jobs["all"] = partial(probed, MEASURES)
    jobs["chance"] = partial(probed, ["angles", "chance"])
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            step()  # so that each finds the memory as a step leaves it
            wait(device)
            began = perf_counter()
            job()
            wait(device)
            times[name].append(perf_counter() - began)
    found = {name: median(seconds) for name, seconds in times.items()}
    alone = found.pop("step")
    found["update"] -= alone
    found["all"] += found["update"]
    found["chance"] -= found["angles"]
    return alone, {name: found[name] for name in (*MEASURES, "all", "chance")}


def wait(device: torch.device) -> None:
    """Until a GPU has done what it was told to."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def share(
    samples: int, layers: int, units: int, step: float, found: dict[str, float], measures: str, on_gpu: bool = False
) -> float:
    """The share of a training at the default interval and epochs: measured once at the steps where it is due."""
    experiment = parse({"num_hidden": units, "num_layers": layers, "measures": measures})
    plan = Plan(experiment, samples, on_gpu)
    spent = 0.0
    for number in range(plan.steps + 1):
        due = plan.groups_after(number)
        spent += found["all"] + ("chance" in due) * found["chance"] if "rank" in due else sum(found[group] for group in due)
    spent -= found["update"] if "update" in measures else 0.0  # there is none after step 0
    return spent / (step * plan.steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=60)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    print(describe())
    rows, figures = [], []
    for name, (shape, units, layers, samples) in CASES.items():
        step, found = measure(shape, units, layers, repeats)
        shares = [share(samples, layers, units, step, found, which) for which in ("angles", ",".join(MEASURES))]
        costs = [f"{seconds / step:.2f}" for seconds in found.values()]
        for what, taken in zip(("measuring angles alone", "measuring"), shares, strict=True):
            figures.append(Figure(f"{name}: share of 20 epochs that {what} takes", 100 * taken, "%", "≤ 10 %"))
        rows.append([name, f"{1000 * step:.2f} ms", *costs, *(f"{one:.1%}" for one in shares)])
    head = ["network", "step", *MEASURES, "all at once", "chance, once", "share: angles only", "share: default"]
    print(table(head, rows))
    report(figures, quiet=True)


if __name__ == "__main__":
    main()
