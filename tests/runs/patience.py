"""Waiting for what another thread does, for a bounded time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dfa_lab.runs.live import Status
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.store.writer import Writer
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse

PATIENCE = 120.0  # seconds; nothing is waited for longer than it takes, and a busy machine may take long


def until(condition: Callable[[], object], what: str = "", seconds: float = PATIENCE) -> None:
    over = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < over, f"not within {seconds} s: {what or condition}"
        time.sleep(0.005)


@contextmanager
def nobody_waits() -> Iterator[None]:
    """Inside, a call of a store that would wait for the disk fails the test: what a clock shows depends on the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writer, "flush", lambda *_: pytest.fail("it waits for the disk"))
        yield


def status(manager: Manager, id: str) -> Status:
    found = manager.status(id)
    assert found is not None
    return found


def state(manager: Manager, id: str) -> str:
    return status(manager, id).state


def until_step(manager: Manager, id: str, step: int) -> None:
    until(lambda: status(manager, id).step >= step, f"step {step} of {id}")


def until_state(manager: Manager, id: str, *states: str) -> None:
    until(lambda: state(manager, id) in states, f"{states} of {id}, which is {state(manager, id)}")


def tiny(**settings: object) -> Experiment:
    """On digits, with steps of about a millisecond; without end unless `epochs` says otherwise."""
    defaults = {"num_hidden": 6, "rules": "bp,dfa", "epochs": 10_000, "batch_size": 512, "probe_size": 8, "device": "cpu"}
    return parse({**defaults, "measure_every": 50} | settings)
