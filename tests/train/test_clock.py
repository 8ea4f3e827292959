"""Whose seconds are counted, and when."""

import sys
import threading
from itertools import count
from time import perf_counter, thread_time

import pytest
import torch

from dfa_lab.settings.parsing import parse
from dfa_lab.train import clock
from dfa_lab.train.run import Run
from dfa_lab.train.trainer import Trainer


def test_the_time_between_start_and_stop_is_shared_but_for_the_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count(0.0, 6.0)  # six pass from look to look
    monkeypatch.setattr(clock, "thread_time", lambda: next(seconds))
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


def test_what_others_compute_meanwhile_is_not_counted() -> None:
    """Threads that hold the interpreter, as those of other visitors' experiments do: a clock on the wall counted them."""
    over = threading.Event()

    def busy() -> None:
        while not over.is_set():
            sum(range(1000))

    trainer = Trainer(
        parse({"num_hidden": 6, "rules": "bp,dfa", "batch_size": 512, "epochs": 10_000, "threads": 1, "device": "cpu"})
    )
    trainer.quiet = True
    next(trainer)
    before = sum(run.seconds for run in trainer.runs)
    held_for = sys.getswitchinterval()
    sys.setswitchinterval(held_for / 10)  # each holds it in turn as often as in a test ten times as long
    others = [threading.Thread(target=busy) for _ in range(4)]
    for other in others:
        other.start()
    try:
        began, own = perf_counter(), thread_time()
        while perf_counter() - began < 2 * (thread_time() - own) or trainer.step < 60:
            next(trainer)
        own, wall = thread_time() - own, perf_counter() - began
    finally:
        over.set()
        for other in others:
            other.join()
        sys.setswitchinterval(held_for)
    assert 0 < sum(run.seconds for run in trainer.runs) - before <= own <= wall / 2
