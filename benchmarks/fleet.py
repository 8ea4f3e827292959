"""Many runs at once: a step of all rules and seeds of an experiment, as the lab makes it, against the same runs one by one.

    python benchmarks/fleet.py            (about a minute on two cores; gpu.py does it on a GPU)

The runs are also trained one after the other through autograd, in the same run, interleaved. Blocks of steps alternate; ratios
are medians over the blocks.
"""

import argparse
from time import perf_counter

from machine import Figure, describe, figure, report
from random_data import random_data

from dfa_lab.data import DataSet
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer

BLOCK = 10  # steps
# name: (settings, target)
CASES: dict[str, tuple[dict[str, object], str]] = {
    "7×240, 3 rules × 2 seeds": ({"num_hidden": 240, "num_layers": 7, "seeds": "0,1"}, "≤ 0.80"),
    "7×240, 3 rules × 5 seeds": ({"num_hidden": 240, "num_layers": 7, "seeds": "0,1,2,3,4"}, "≤ 0.80"),
    "2×100, 3 rules × 5 seeds": ({"num_hidden": 100, "num_layers": 2, "seeds": "0,1,2,3,4"}, "≤ 1"),
    "2×800, 3 rules × 2 seeds": ({"num_hidden": 800, "num_layers": 2, "seeds": "0,1"}, "≤ 1"),
}


def trainer(settings: dict[str, object], dataset: DataSet, by_hand: bool) -> Trainer:
    """One that neither measures nor tests."""
    given = {"rules": "bp,fa,dfa", "optimizer": "rmsprop", "learning_rate": 1e-4, "device": "cpu", "epochs": 100}
    made = Trainer(parse(given | settings), dataset, by_hand=by_hand)
    made.quiet = True
    return made


def block(one: Trainer) -> float:
    """Seconds a step."""
    began = perf_counter()
    for _ in range(BLOCK):
        next(one)
    return (perf_counter() - began) / BLOCK


def compared(repeats: int) -> list[Figure]:
    found, dataset = [], random_data((1, 28, 28))
    for name, (settings, target) in CASES.items():
        plain, ours = (trainer(settings, dataset, by_hand) for by_hand in (False, True))
        pairs = []
        for turn in range(repeats + 1):
            pair = block(plain), block(ours)
            pairs += [pair] if turn else []
        threads = f"{ours.threads} thread" + "s" * (ours.threads > 1)
        found.append(
            figure(f"{name}, {threads}: a step of all, one by one through autograd", [1e3 * a for a, _ in pairs], "ms")
        )
        found.append(figure(f"{name}, {threads}: as the lab makes it against that", [b / a for a, b in pairs], target=target))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    print(describe())
    report(compared(repeats))


if __name__ == "__main__":
    main()
