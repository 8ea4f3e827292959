"""Fixtures that several tests share."""

import pytest
import torch

from dfa_lab.config import Experiment
from dfa_lab.parsing import parse
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
