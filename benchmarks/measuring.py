"""What measuring costs: each group of measures in training steps of the same runs, and the share of a training that is its own.

    python benchmarks/measuring.py            (about a minute on two cores)

Steps and measurements are interleaved; what is reported are medians, summed over bp, fa and dfa. Inputs are random.
"""

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from machine import Figure, describe, report, table

from dfa_lab.fast.fleet import Fleet
from dfa_lab.measure.probing import probe
from dfa_lab.parsing import parse
from dfa_lab.settings.measuring import MEASURES
from dfa_lab.train.plan import Plan
from dfa_lab.train.run import Run

CASES = {  # name: (inputs, units, layers, training samples)
    "digits, 2×100": ((1, 8, 8), 100, 2, 1437),
    "MNIST size, 2×800": ((1, 28, 28), 800, 2, 60_000),
    "MNIST size, 10×240": ((1, 28, 28), 240, 10, 60_000),
}


def measure(shape: tuple[int, ...], units: int, layers: int, repeats: int) -> tuple[float, dict[str, float]]:
    """(seconds of a step, seconds of each group) of three rules together."""
    experiment = parse({"num_hidden": units, "num_layers": layers, "rules": "bp,fa,dfa", "learning_rate": 1e-4})
    runs = [Run(experiment, rule, 0, shape, 10, torch.device("cpu"), torch.float32) for rule in experiment.rules]
    x, t = torch.rand(experiment.batch_size, *shape), torch.randint(10, (experiment.batch_size,))
    px, pt = torch.rand(experiment.probe_size, *shape), torch.randint(10, (experiment.probe_size,))
    times: dict[str, list[float]] = {}

    def clocked(name: str, function) -> object:
        began = perf_counter()
        made = function()
        times.setdefault(name, []).append(perf_counter() - began)
        return made

    fleets = {run: Fleet([run]) for run in runs}
    for _ in range(repeats):
        for run in runs:
            step = lambda fleet=fleets[run]: fleet.step({0: (x, t)}, 0)  # noqa: E731 (as short as it is)
            clocked(f"step {run.rule}", step)

            def watched(run: Run = run, step: Callable[[], None] = step) -> None:
                noted = run.note(x, t, 0)
                step()
                noted.angles()

            clocked(f"update {run.rule}", watched)
            for groups in ([g] for g in MEASURES if g != "update"):
                step()  # so that each finds the memory as a step leaves it
                run.network.mode(training=False)
                clocked(f"{groups[0]} {run.rule}", lambda run=run, g=groups: probe(run.rule, run.network, "bce", px, pt, g))
            step()
            run.network.mode(training=False)
            clocked(f"together {run.rule}", lambda run=run: probe(run.rule, run.network, "bce", px, pt, MEASURES))

    def total(name: str) -> float:
        return sum(median(seconds) for key, seconds in times.items() if key.startswith(f"{name} "))

    step = total("step")
    found = {group: total(group) - (step if group == "update" else 0) for group in MEASURES}
    found["all"] = total("together") + found["update"]
    return step, found


def share(samples: int, layers: int, units: int, step: float, found: dict[str, float], measures: str) -> float:
    """Of the training's time at the default interval, over ten epochs: measured once at the steps where it is due."""
    experiment = parse({"num_hidden": units, "num_layers": layers, "epochs": 10, "measures": measures})
    plan = Plan(experiment, samples)
    spent = 0.0
    for number in range(plan.steps + 1):
        due = plan.groups_after(number)
        cost = found["all"] if "rank" in due else found["angles"] if due else 0.0
        spent += cost
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
        target = "≤ 10 %" if samples >= 60_000 else ""
        figures.append(Figure(f"{name}: share of ten epochs that measuring takes by default", 100 * shares[1], "%", target))
        rows.append([name, f"{1000 * step:.2f} ms", *costs, *(f"{one:.1%}" for one in shares)])
    head = ["network", "step", *MEASURES, "all at once", "share: angles only", "share: default"]
    print(table(head, rows))
    report(figures, quiet=True)


if __name__ == "__main__":
    main()
