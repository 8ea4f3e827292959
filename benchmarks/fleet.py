"""Many runs at once: a step of all rules and seeds of an experiment, as the lab makes it, against the same runs one by one.

    python benchmarks/fleet.py            (about a minute on two cores; on a GPU, where there is one, another minute)

On a CPU the runs are also trained one after the other through autograd, in the same run, interleaved. On a GPU fifteen runs
are compared with one plain bp run (plain.py). Blocks of steps alternate; ratios are medians over the blocks.
"""

import argparse
from collections.abc import Callable
from time import perf_counter

import torch
from machine import Figure, describe, figure, report
from plain import Plain, mlp

from dfa_lab.data import DataSet, Facts
from dfa_lab.device import shorten_products
from dfa_lab.parsing import parse
from dfa_lab.train.trainer import Trainer

BLOCK = 10  # steps
# name: (settings, target)
CASES: dict[str, tuple[dict[str, object], str]] = {
    "7×240, 3 rules × 2 seeds": ({"num_hidden": 240, "num_layers": 7, "seeds": "0,1"}, "≤ 0.80"),
    "7×240, 3 rules × 5 seeds": ({"num_hidden": 240, "num_layers": 7, "seeds": "0,1,2,3,4"}, "≤ 0.80"),
    "2×100, 3 rules × 5 seeds": ({"num_hidden": 100, "num_layers": 2, "seeds": "0,1,2,3,4"}, "≤ 1"),
    "2×800, 3 rules × 2 seeds": ({"num_hidden": 800, "num_layers": 2, "seeds": "0,1"}, "≤ 1"),
}
PEAK = {"H100": (67e12, 495e12), "H200": (67e12, 495e12)}  # flop/s of float32 and of tf32, without sparsity


def images(device: str = "cpu") -> DataSet:
    """Random, of MNIST's size and resident."""
    stream = torch.Generator().manual_seed(0)
    x = torch.randint(256, (60_064, 1, 28, 28), generator=stream, dtype=torch.uint8).to(device)
    y = torch.randint(10, (60_064,), generator=stream).to(device)
    offset, scale = (torch.tensor(value, device=device) for value in (0.0, 1 / 255))
    facts = Facts("Random", (1, 28, 28), 10, 60_000, 64)
    return DataSet(facts, tuple(map(str, range(10))), x[:60_000], y[:60_000], x[60_000:], y[60_000:], offset, scale)


def trainer(settings: dict[str, object], dataset: DataSet, device: str, by_hand: bool = True) -> Trainer:
    """One that neither measures nor tests."""
    given = {"rules": "bp,fa,dfa", "learning_rate": 1e-4, "device": device, "epochs": 100}
    made = Trainer(parse(given | settings), dataset, by_hand=by_hand)
    made.quiet = True
    return made


def block(step: Callable[[], object], device: str) -> float:
    """Seconds a step."""
    if device == "cuda":
        torch.cuda.synchronize()
    began = perf_counter()
    for _ in range(BLOCK):
        step()
    if device == "cuda":
        torch.cuda.synchronize()
    return (perf_counter() - began) / BLOCK


def on_cpu(repeats: int) -> list[Figure]:
    found, dataset = [], images()
    for name, (settings, target) in CASES.items():
        plain, ours = (trainer(settings | {"optimizer": "rmsprop"}, dataset, "cpu", by_hand) for by_hand in (False, True))
        pairs = []
        for turn in range(repeats + 1):
            pair = block(lambda t=plain: next(t), "cpu"), block(lambda t=ours: next(t), "cpu")
            pairs += [pair] if turn else []
        threads = f"{ours.threads} thread" + "s" * (ours.threads > 1)
        found.append(
            figure(f"{name}, {threads}: a step of all, one by one through autograd", [1e3 * a for a, _ in pairs], "ms")
        )
        found.append(figure(f"{name}, {threads}: as the lab makes it against that", [b / a for a, b in pairs], target=target))
    return found


def on_gpu(repeats: int) -> list[Figure]:
    """Fifteen runs of 2×800 against one plain run of it; steps a second, and the share of the matrix units' peak."""
    found, dataset = [], images("cuda")
    name = torch.cuda.get_device_name()
    peaks = next((both for model, both in PEAK.items() if model in name), None)
    for number, precision in enumerate(("float32", "tf32")):
        settings: dict[str, object] = {"num_hidden": 800, "num_layers": 2, "seeds": "0,1,2,3,4", "precision": precision}
        fleet, plain = trainer(settings, dataset, "cuda"), Plain(mlp(800, 2), "rmsprop", "cuda")
        one = trainer(settings | {"seeds": "0", "rules": "bp"}, dataset, "cuda")

        def plainly(one: Trainer = one, plain: Plain = plain, tf32: bool = precision == "tf32") -> None:
            shorten_products(tf32)
            one.step += 1  # the next batch of the same data
            plain.step(*one.next_batch(0))

        pairs = []
        for turn in range(repeats + 3):
            pair = block(plainly, "cuda"), block(lambda t=fleet: next(t), "cuda")
            pairs += [pair] if turn > 2 else []
        about = f"2×800, batch 64, {precision} on {name}"
        found.append(figure(f"{about}: plain bp, one run", [1 / a for a, _ in pairs], "steps/s", higher=True))
        found.append(figure(f"{about}: 3 rules × 5 seeds", [1 / b for _, b in pairs], "steps/s", higher=True))
        found.append(figure(f"{about}: 3 rules × 5 seeds against one plain run", [b / a for a, b in pairs], target="≤ 2"))
        if peaks:
            forward = 2 * 64 * sum(fleet.runs[0].network.multiplications())
            first = 2 * 64 * fleet.runs[0].network.multiplications()[0]
            flop = 5 * (2 * (3 * forward - first) + 2 * forward)  # bp and fa send the error to all layers but the first
            found.append(
                figure(f"{about}: of the matrix peak", [100 * flop / b / peaks[number] for _, b in pairs], "%", higher=True)
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    print(describe())
    report(on_cpu(repeats) + (on_gpu(4 * repeats) if torch.cuda.is_available() else []))


if __name__ == "__main__":
    main()
