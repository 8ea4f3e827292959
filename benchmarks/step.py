"""The time of one training step: each rule against plain autograd backpropagation of the same network.

    python benchmarks/step.py            (about two minutes on two cores)

`plain` is what anyone would write: an nn.Sequential, torch's own loss, loss.backward(), torch's optimiser. It is
measured in the same run, interleaved with ours step by step; what is reported is the median of each and their ratio.
"""

import argparse
from itertools import pairwise
from statistics import median
from time import perf_counter

import torch
import torch.nn.functional as F
from machine import Figure, describe, report, table
from torch import nn

from dfa_lab.parsing import parse
from dfa_lab.train.run import Run

CASES = {  # name: (num_hidden, num_layers, batch, target of dfa)
    "784-800×2-10, batch 64": (800, 2, 64, 0.92),
    "784-240×7-10, batch 64": (240, 7, 64, None),
    "784-2000×4-10, batch 128": (2000, 4, 128, 0.80),
}


class Plain:
    """An ordinary PyTorch training step."""

    def __init__(self, num_hidden: int, num_layers: int, optimizer: str):
        widths = [784] + [num_hidden] * num_layers
        layers: list[nn.Module] = []
        for wide_in, wide_out in pairwise(widths):
            layers += [nn.Linear(wide_in, wide_out), nn.Tanh()]
        self.network = nn.Sequential(*layers, nn.Linear(num_hidden, 10))
        kind = torch.optim.SGD if optimizer == "sgd" else torch.optim.RMSprop
        self.optimizer = kind(self.network.parameters(), lr=1e-4)

    def step(self, x: torch.Tensor, t: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(self.network(x), F.one_hot(t, 10).float(), reduction="sum") / len(x)
        loss.backward()
        self.optimizer.step()


def measure(num_hidden: int, num_layers: int, batch: int, optimizer: str, repeats: int) -> dict[str, float]:
    """Median seconds of a step, by name."""
    experiment = parse({"num_hidden": num_hidden, "num_layers": num_layers, "optimizer": optimizer, "learning_rate": 1e-4})
    steppers: dict[str, Plain | Run] = {"plain": Plain(num_hidden, num_layers, optimizer)}
    for rule in ("bp", "fa", "dfa"):
        steppers[rule] = Run(experiment, rule, 0, (1, 28, 28), 10, torch.device("cpu"), torch.float32)
    x, t = torch.rand(batch, 784), torch.randint(10, (batch,))
    times: dict[str, list[float]] = {name: [] for name in steppers}
    for repeat in range(repeats + 5):
        for name, stepper in steppers.items():
            began = perf_counter()
            stepper.step(x if name == "plain" else x.view(batch, 1, 28, 28), t)
            if repeat >= 5:
                times[name].append(perf_counter() - began)
    return {name: median(seconds) for name, seconds in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=150)
    repeats = parser.parse_args().repeats
    print(describe())
    rows, figures = [], []
    for name, (num_hidden, num_layers, batch, target) in CASES.items():
        for optimizer in ("sgd", "rmsprop"):
            found = measure(num_hidden, num_layers, batch, optimizer, repeats)
            ratios = [f"{found[rule] / found['plain']:.2f}" for rule in ("bp", "fa", "dfa")]
            goal = f"≤ {target:.2f}" if target and optimizer == "sgd" else ""
            figures += [
                Figure(
                    f"{name}, {optimizer}: {rule} against plain bp",
                    found[rule] / found["plain"],
                    "",
                    goal if rule == "dfa" else "",
                )
                for rule in ("bp", "fa", "dfa")
            ]
            rows.append([name, optimizer, f"{1000 * found['plain']:.2f} ms", *ratios, goal])
    print(table(["network (tanh)", "optimiser", "plain bp", "bp", "fa", "dfa", "target of dfa"], rows))
    report(figures, quiet=True)


if __name__ == "__main__":
    main()
