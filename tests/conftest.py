"""Fixtures that several tests share."""

import gc
import threading
from pathlib import Path

import pytest
import torch

from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse
from dfa_lab.train.run import Run


@pytest.fixture
def make_run():
    """A Run in float64 on random data: make_run("dfa", shape=(12,), num_layers=2) -> (run, x, t)."""

    def make(
        rule: str, *, shape: tuple[int, ...] = (12,), classes: int = 5, samples: int = 7, seed: int = 3, **settings: object
    ):
        experiment: Experiment = parse({"num_hidden": 9, "rules": rule, **settings})
        run = Run(experiment, rule, seed, shape, classes, torch.device("cpu"), torch.float64)
        stream = torch.Generator().manual_seed(1)
        x = torch.randn(samples, *shape, generator=stream, dtype=torch.float64)
        t = torch.randint(classes, (samples,), generator=stream)
        return run, x, t

    return make


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that drive a browser, which mostly wait, among those that compute: workers take files in this order."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [file for file in files if "browser" in file.parts]
    computing = [file for file in files if "browser" not in file.parts]
    between = len(computing) // (len(waiting) + 1) + 1
    order = []
    for number, file in enumerate(waiting):
        order += [file, *computing[number * between : (number + 1) * between]]
    order += computing[len(waiting) * between :]
    items[:] = [item for file in order for item in files[file]]


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what is imported: it is there to the end, and looking through it takes long."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Let what is still being loaded or replayed come to its end: a process that ends while torch is at work is aborted."""
    for thread in threading.enumerate():
        if thread.name.startswith(("load-", "replay-")):
            thread.join(60)
