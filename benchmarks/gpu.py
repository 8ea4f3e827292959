"""On an NVIDIA GPU: a step of each rule, and of many runs at once, against plain torch; what measuring takes.

    python benchmarks/gpu.py            (about two minutes; without a GPU it says so and measures nothing)

Random inputs, resident. Plain bp (plain.py) is given the next batch of the same data, so both do all that a step needs. Blocks
of steps alternate; ratios are medians over the blocks. The peak is that of the card's data sheet.
"""

import argparse
from collections.abc import Callable
from time import perf_counter

import torch
from machine import Figure, describe, figure, report
from measuring import CASES as MEASURED
from measuring import measure, share
from plain import Plain, conv, mlp
from random_data import random_data
from torch import nn

from dfa_lab.data import DataSet
from dfa_lab.machine.device import precisions, shorten_products
from dfa_lab.settings.measure_settings import MEASURES
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer

BLOCK = 20  # steps
WARM = 3  # blocks that do not count: libraries choose their kernels, steps are recorded as graphs
IMAGES, PHOTOS = (1, 28, 28), (3, 32, 32)
NETWORKS: dict[str, tuple[dict[str, object], Callable[[], nn.Module], tuple[int, ...]]] = {
    "2×800, batch 64": ({"num_hidden": 800, "num_layers": 2}, lambda: mlp(800, 2), IMAGES),
    "4×2000, batch 128": ({"num_hidden": 2000, "num_layers": 4, "batch_size": 128}, lambda: mlp(2000, 4), IMAGES),
    "paper's conv net, batch 64": ({"network": "conv", "dataset": "cifar10"}, conv, PHOTOS),
}
RULES = ("bp", "fa", "dfa")
FLEETS = {"2×800": (800, 2, "≤ 2"), "7×240": (240, 7, "")}  # units, layers, target of 3 rules × 5 seeds against one plain run
# Without sparsity, of the SXM cards, by their data sheets: flop/s of float32, tf32 and bf16.
PEAKS = {"H100": (67e12, 495e12, 990e12), "H200": (67e12, 495e12, 990e12), "A100": (19.5e12, 156e12, 312e12)}


def trainer(settings: dict[str, object], dataset: DataSet, **more: object) -> Trainer:
    """One that neither measures nor tests."""
    given = {"optimizer": "rmsprop", "learning_rate": 1e-4, "device": "cuda", "epochs": 1000}
    made = Trainer(parse(given | settings | more), dataset)
    made.quiet = True
    return made


def plainly(network: nn.Module, settings: dict[str, object], dataset: DataSet, precision: str) -> Callable[[], None]:
    """A step of plain bp on the next batch."""
    plain, batches = Plain(network, "rmsprop", "cuda"), trainer(settings, dataset, rules="bp", seeds="0")

    def step() -> None:
        shorten_products(precision == "tf32")
        batches.step += 1
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
            plain.step(*batches.next_batch(0))

    return step


def alternating(steps: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds a step of each, by blocks that take turns."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(repeats + WARM):
        for name, step in steps.items():
            torch.cuda.synchronize()
            began = perf_counter()
            for _ in range(BLOCK):
                step()
            torch.cuda.synchronize()
            if turn >= WARM:
                times[name].append((perf_counter() - began) / BLOCK)
    return times


def flop(one: Trainer) -> dict[str, int]:
    """Floating-point operations of a step's matrix products, by rule: forward, gradients, and for bp and fa the way back."""
    work = one.runs[0].network.multiplications()
    twice = 2 * one.experiment.batch_size
    whole = twice * (3 * sum(work) - work[0])  # nothing is sent below the first layer
    return {"bp": whole, "fa": whole, "dfa": 2 * twice * sum(work)}


def of_peak(name: str, operations: float, seconds: list[float], precision: str) -> list[Figure]:
    peaks = next((found for model, found in PEAKS.items() if model in torch.cuda.get_device_name()), None)
    if peaks is None:
        return []
    peak = peaks[("float32", "tf32", "bf16").index(precision)]
    return [figure(f"{name}: of the matrix peak", [100 * operations / one / peak for one in seconds], "%", higher=True)]


def alone(dataset: dict[tuple[int, ...], DataSet], repeats: int) -> list[Figure]:
    """One run of each rule."""
    found = []
    for name, (settings, network, shape) in NETWORKS.items():
        for precision in precisions(torch.device("cuda")):
            data = dataset[shape]
            steps: dict[str, Callable[[], object]] = {"plain": plainly(network(), settings, data, precision)}
            ours = {rule: trainer(settings, data, rules=rule, seeds="0", precision=precision) for rule in RULES}
            steps |= {rule: lambda one=one: next(one) for rule, one in ours.items()}
            times = alternating(steps, repeats)
            about = f"{name}, {precision}"
            found.append(figure(f"{about}: plain bp", [1 / s for s in times["plain"]], "steps/s", higher=True))
            for rule, one in ours.items():
                ratios = [s / p for s, p in zip(times[rule], times["plain"], strict=True)]
                found.append(figure(f"{about}: {rule} against plain bp", ratios))
                found += of_peak(f"{about}: {rule}", flop(one)[rule], times[rule], precision)
    return found


def together(dataset: DataSet, repeats: int) -> list[Figure]:
    """Fifteen runs against one plain run."""
    found = []
    for name, (units, layers, target) in FLEETS.items():
        settings: dict[str, object] = {"num_hidden": units, "num_layers": layers}
        for precision in precisions(torch.device("cuda")):
            fleet = trainer(settings, dataset, rules=",".join(RULES), seeds="0,1,2,3,4", precision=precision)
            plain = plainly(mlp(units, layers), settings, dataset, precision)
            times = alternating({"plain": plain, "fleet": lambda one=fleet: next(one)}, repeats)
            about = f"{name}, batch 64, {precision}"
            ratios = [f / p for f, p in zip(times["fleet"], times["plain"], strict=True)]
            found.append(figure(f"{about}: 3 rules × 5 seeds", [1 / s for s in times["fleet"]], "steps/s", higher=True))
            wanted = target if precision != "bf16" else ""
            found.append(figure(f"{about}: 3 rules × 5 seeds against one plain run", ratios, target=wanted))
            found += of_peak(f"{about}: 3 rules × 5 seeds", 5 * sum(flop(fleet).values()), times["fleet"], precision)
    return found


def watching(repeats: int) -> list[Figure]:
    """What measuring takes of a training of three rules."""
    found = []
    for name, (shape, units, layers, samples) in MEASURED.items():
        step, costs = measure(shape, units, layers, repeats, torch.device("cuda"))
        print(f"{name}, in steps: " + ", ".join(f"{group} {cost / step:.1f}" for group, cost in costs.items()), flush=True)
        found.append(Figure(f"{name}: a step of three rules", 1000 * step, "ms"))
        for what, which in (("angles alone", "angles"), ("everything", ",".join(MEASURES))):
            taken = share(samples, layers, units, step, costs, which, on_gpu=True)
            found.append(Figure(f"{name}: share of 20 epochs that measuring {what} takes", 100 * taken, "%", "≤ 10 %"))
    return found


def profile(dataset: DataSet) -> None:
    """Where the time of twenty steps of fifteen runs goes, on the GPU and in Python."""
    one = trainer({"num_hidden": 800, "num_layers": 2}, dataset, rules=",".join(RULES), seeds="0,1,2,3,4")
    for _ in range(BLOCK):
        next(one)
    both = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=both) as seen:
        for _ in range(BLOCK):
            next(one)
        torch.cuda.synchronize()
    for order in ("self_cuda_time_total", "self_cpu_time_total"):
        print(seen.key_averages().table(sort_by=order, row_limit=16, max_name_column_width=70))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--profile", action="store_true", help="where the time of fifteen runs goes, and nothing else")
    given = parser.parse_args()
    if not torch.cuda.is_available():
        print("Needs an NVIDIA GPU that torch can use; there is none here.")
        return
    print(describe(), flush=True)
    images = random_data(IMAGES, "cuda")
    if given.profile:
        profile(images)
        return
    datasets = {IMAGES: images, PHOTOS: random_data(PHOTOS, "cuda")}
    report([*together(images, given.repeats), *alone(datasets, given.repeats), *watching(given.repeats)])


if __name__ == "__main__":
    main()
