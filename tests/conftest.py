"""Fixtures that several tests share."""

import gc
import threading
from typing import Any

import pytest


@pytest.fixture
def make_run():
    """A Run in float64 on random data: make_run("dfa", shape=(12,), num_layers=2) -> (run, x, t)."""
    # Here and not above: xdist's controller reads this file too and runs no test, so that it can do without torch.
    import torch

    from dfa_lab.settings.parsing import parse
    from dfa_lab.train.run import Run

    def make(
        rule: str, *, shape: tuple[int, ...] = (12,), classes: int = 5, samples: int = 7, seed: int = 3, **settings: object
    ):
        experiment = parse({"num_hidden": 9, "rules": rule, **settings})
        run = Run(experiment, rule, seed, shape, classes, torch.device("cpu"), torch.float64)
        stream = torch.Generator().manual_seed(1)
        x = torch.randn(samples, *shape, generator=stream, dtype=torch.float64)
        t = torch.randint(classes, (samples,), generator=stream)
        return run, x, t

    return make


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What drives a browser begins first: it takes longest, and mostly waits."""
    items.sort(key=lambda item: "browser" not in item.path.parts)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """With --dist loadfile, one worker gets all files that visit the `lab` of tests/browser; the other begins with the folders
    there, whose files have servers of their own, and goes on with whole files of what computes.

    A second browser is half as much work again for the same pages: it knows none of the lab's scripts.
    """
    if config.getvalue("dist") != "loadfile":
        return None  # xdist's own
    from xdist.scheduler import LoadFileScheduling

    class FewBrowsers(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return file.rpartition("/")[0] if file.startswith("tests/browser/") else file

    return FewBrowsers(config, log)


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what is imported: it is there to the end, and looking through it takes long.

    And let it look for more at a time: by default it does so after every 700 new objects, some seven percent of all time here.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def pytest_sessionfinish() -> None:
    """Let what is still being loaded or replayed come to its end: a process that ends while torch is at work is aborted."""
    for thread in threading.enumerate():
        if thread.name.startswith(("load-", "replay-")):
            thread.join(60)
