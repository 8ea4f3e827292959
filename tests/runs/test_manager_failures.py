"""What happens to one experiment is told in a sentence, and does not happen to the others."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from patience import status, tiny, until_state, until_step

from dfa_lab.records import Record
from dfa_lab.runs.manager import Manager
from dfa_lab.train.trainer import Trainer
from tests.holding import held


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


MARK = 77  # the seed of the experiment that fails


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException, at: int = 3) -> None:
    real = Trainer.advance

    def step(self: Trainer) -> list[Record]:
        if self.experiment.seeds == (MARK,) and self.step >= at:
            raise error
        return real(self)

    monkeypatch.setattr(Trainer, "advance", step)


def failure(manager: Manager, **settings: object) -> str:
    """The sentence of an experiment that fails beside one that goes on to finish."""
    beside = tiny(epochs=10)
    with held(after=3, whose=lambda trainer: trainer.experiment == beside):  # it is under way when the bad one fails
        other = manager.start(beside)
        bad = manager.start(tiny(**settings))
        until_state(manager, bad, "failed")
    until_state(manager, other, "finished")
    assert status(manager, other).step == 30
    found = status(manager, bad)
    assert found.sentence.endswith(".") and "\n" not in found.sentence and "Traceback" not in found.sentence
    stored = manager.store.get(bad)
    assert stored is not None and (stored.state, stored.sentence) == ("failed", found.sentence)
    assert [e.kind for e in manager.store.events(bad)] == ["failed"]
    assert manager.store.records(bad) == manager.records(bad)
    third = manager.start(tiny(epochs=1))  # and the device goes on to take new ones
    until_state(manager, third, "finished")
    return found.sentence


def test_divergence(manager: Manager, caplog: pytest.LogCaptureFixture) -> None:
    sentence = failure(
        manager, optimizer="sgd", learning_rate=100, nonlin="relu", num_layers=5, num_hidden=30, rules="bp", batch_size=64
    )
    assert sentence.startswith("bp (seed 0) diverged by step")
    assert "learning rate below 100" in sentence
    assert not [r for r in caplog.records if r.exc_info]  # no traceback in the log for what is nobody's mistake


def test_an_error_of_ours(manager: Manager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    fail_with(monkeypatch, ZeroDivisionError("division by zero\nand more"))
    with caplog.at_level(logging.ERROR):
        sentence = failure(manager, seeds=MARK)
    assert "ZeroDivisionError: division by zero" in sentence and "log" in sentence
    assert [r for r in caplog.records if r.exc_info]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:116] . DefaultCPUAllocator: not enough memory: you tried to allocate 8"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_out_of_memory(manager: Manager, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    fail_with(monkeypatch, error)
    assert "memory is full: start again with a smaller num_hidden" in failure(manager, seeds=MARK)


def test_a_real_allocation_that_fails(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Trainer.advance

    def step(self: Trainer) -> list[Record]:
        if self.experiment.seeds == (MARK,):
            torch.empty(2**60, dtype=torch.uint8)
        return real(self)

    monkeypatch.setattr(Trainer, "advance", step)
    assert "memory is full" in failure(manager, seeds=MARK)


def test_what_does_not_fit_the_machine_is_refused_before_it_is_built(manager: Manager) -> None:
    sentence = failure(manager, num_hidden=10_000, num_layers=50, rules="bp,fa,dfa", seeds="0,1,2,3,4,5,6,7")
    assert sentence.startswith("num_hidden (--num_hidden) is 10000: give less") and "GiB" in sentence
    wide = {"conv_channels": "10000,10000,10000", "conv_hidden": "10,10", "dataset": "cifar10", "network": "conv"}
    sentence = failure(manager, **wide, seeds=tuple(range(10)))
    assert sentence.startswith("conv_channels (--conv_channels) is '10000,10000,10000': give less")


def test_data_that_are_not_there(manager: Manager, tmp_path: Path) -> None:
    sentence = failure(manager, dataset="mnist", datapath=str(tmp_path / "nowhere"))
    assert sentence.startswith("MNIST is not there because") and "does not exist" in sentence


def test_settings_that_do_not_fit(manager: Manager) -> None:
    assert failure(manager, batch_size=2000).startswith("batch_size (--batchSize) is 2000: give at most 1437")
    assert failure(manager, network="conv").startswith("network (--network) is 'conv': give mlp for digits")


def test_a_disk_that_refuses_does_not_stop_training(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    manager = Manager(blocked)
    try:
        assert "not being kept" in manager.store.problem
        id = manager.start(tiny(epochs=2))
        until_state(manager, id, "finished")
        until_step(manager, id, 6)
        assert manager.records(id)
    finally:
        manager.close()
