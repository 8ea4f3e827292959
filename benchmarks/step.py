"""The time of one training step: each rule against plain autograd backpropagation of the same network.

    python benchmarks/step.py            (about three minutes on two cores)

The plain one (plain.py) is measured in the same run, interleaved with ours step by step; what is reported is the median of
each and their ratio.
"""

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from machine import Figure, describe, report, table
from plain import Plain, conv, mlp
from torch import nn

from dfa_lab.settings.parsing import parse
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.fleet import Fleet

RULES = ("bp", "fa", "dfa")
TARGETS = {"bp": 1.0, "fa": 1.05}
IMAGES, PHOTOS = (1, 28, 28), (3, 32, 32)
# name: (settings, its plain network, shape of an input, batch, target of dfa, times that it is measured, as a share)
CASES: dict[str, tuple[dict[str, object], Callable[[], nn.Module], tuple[int, ...], int, float | None, float]] = {
    "784-800×2-10, batch 64": ({"num_hidden": 800, "num_layers": 2}, lambda: mlp(800, 2), IMAGES, 64, 0.80, 1),
    "784-240×7-10, batch 64": ({"num_hidden": 240, "num_layers": 7}, lambda: mlp(240, 7), IMAGES, 64, None, 1),
    "784-2000×4-10, batch 128": ({"num_hidden": 2000, "num_layers": 4}, lambda: mlp(2000, 4), IMAGES, 128, 0.70, 0.5),
    "paper's conv net, batch 64": ({"network": "conv", "dataset": "cifar10"}, conv, PHOTOS, 64, 0.80, 0.1),
}


def measure(
    settings: dict[str, object], network: nn.Module, shape: tuple[int, ...], batch: int, optimizer: str, repeats: int
) -> dict[str, float]:
    """Median seconds of a step, by name."""
    experiment = parse({**settings, "optimizer": optimizer, "learning_rate": 1e-4})
    x, t = torch.rand(batch, *shape), torch.randint(10, (batch,))
    plain = Plain(network, optimizer)
    steps: dict[str, Callable[[], None]] = {"plain": lambda: plain.step(x, t)}
    for rule in RULES:
        fleet = Fleet([Run(experiment, rule, 0, shape, 10, torch.device("cpu"), torch.float32)])
        steps[rule] = lambda fleet=fleet: fleet.step({0: (x, t)}, 0)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for repeat in range(repeats + 2):
        for name, step in steps.items():
            began = perf_counter()
            step()
            if repeat >= 2:
                times[name].append(perf_counter() - began)
    return {name: median(seconds) for name, seconds in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=150)
    repeats = parser.parse_args().repeats
    print(describe())
    rows, figures = [], []
    for name, (settings, network, shape, batch, target, share) in CASES.items():
        for optimizer in ("sgd", "rmsprop"):
            found = measure(settings, network(), shape, batch, optimizer, max(3, int(repeats * share)))
            targets = TARGETS | ({"dfa": target} if target else {})
            ratios = {rule: found[rule] / found["plain"] for rule in RULES}
            figures += [
                Figure(
                    f"{name}, {optimizer}: {rule} against plain bp",
                    ratio,
                    target=f"≤ {targets[rule]:.2f}" if rule in targets else "",
                )
                for rule, ratio in ratios.items()
            ]
            goal = f"≤ {target:.2f}" if target else ""
            rows.append([name, optimizer, f"{1000 * found['plain']:.2f} ms", *(f"{r:.2f}" for r in ratios.values()), goal])
    print(table(["network (tanh)", "optimiser", "plain bp", *RULES, "target of dfa"], rows))
    report(figures, quiet=True)


if __name__ == "__main__":
    main()
