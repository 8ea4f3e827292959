"""Whose seconds are counted, and when."""

from itertools import count

import pytest
import torch

from dfa_lab.settings.parsing import parse
from dfa_lab.train import clock
from dfa_lab.train.run import Run


def test_the_time_between_start_and_stop_is_shared_but_for_the_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count(0.0, 6.0)  # six pass from look to look
    monkeypatch.setattr(clock, "perf_counter", lambda: next(seconds))
    experiment, cpu = parse({"num_hidden": 3, "rules": "bp"}), torch.device("cpu")
    first, second, third = (Run(experiment, "bp", seed, (4,), 2, cpu, torch.float32) for seed in range(3))
    one = clock.Clock(cpu)
    one.start([first, second])
    with one.paused():
        next(seconds)  # what happens here takes time too
    one.stop()
    one.settle()
    assert (first.seconds, second.seconds, third.seconds) == (6.0, 6.0, 0.0)  # two spans of six seconds, halved
    one.start([third])
    one.stop()
    assert (first.seconds, third.seconds) == (6.0, 6.0)
