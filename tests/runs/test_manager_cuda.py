"""The manager's thread on an NVIDIA GPU: experiments in turn, looked at meanwhile, and a GPU whose memory is full."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from patience import state, status, tiny, until_state, until_step

from dfa_lab.machine import gpu_memory
from dfa_lab.runs.access import Gone
from dfa_lab.runs.manager import Manager
from dfa_lab.train.failures import SMALLER
from dfa_lab.train.trainer import Trainer

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.filterwarnings("ignore:Attempting to run cuBLAS"),  # said once, by torch's thread for gradients
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU that torch can use"),
]


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def weights(trainer: Trainer) -> tuple[int, torch.Tensor]:
    """(step, all weights of the first run), copied."""
    return trainer.step, torch.cat([p.detach().flatten() for p in trainer.runs[0].network.parameters()]).cpu()


def test_experiments_take_turns_and_are_looked_at_while_their_steps_are_graphs(manager: Manager) -> None:
    settings = {"rules": "bp,fa,dfa,shallow", "seeds": "0,1", "num_hidden": 40, "batch_size": 64, "learning_rate": 1e-3}
    ids = [manager.start(tiny(epochs=60, device=device, **settings)) for device in ("cuda", "cuda", "cpu")]
    looks: list[tuple[int, torch.Tensor]] = []
    while state(manager, ids[0]) in ("queued", "loading", "running"):
        with suppress(Gone):  # before its first step
            looks.append(manager.look(ids[0], weights))
        time.sleep(0.01)
    for id in ids:
        until_state(manager, id, "finished")
    assert len({step for step, _ in looks}) > 5
    assert all(W.isfinite().all() for _, W in looks) and not torch.equal(looks[0][1], looks[-1][1])
    errors = [[r.value or 0.0 for r in manager.records(id) if r.metric == "test_error"][-8:] for id in ids]
    assert errors[0] == pytest.approx(errors[1], abs=0.01)
    assert errors[0] == pytest.approx(errors[2], abs=0.03) and max(errors[0][:3]) < 0.1  # of bp, fa and dfa


def test_what_the_gpu_has_no_memory_for_waits_with_the_figures(manager: Manager) -> None:
    other = manager.start(tiny(epochs=10_000, device="cuda"))
    until_step(manager, other, 30)
    free, _ = torch.cuda.mem_get_info()
    taken = [torch.empty(free - 2**30, dtype=torch.uint8, device="cuda")]
    waits = manager.start(tiny(device="cuda", num_hidden=8000, num_layers=3, seeds="0,1,2", epochs=1))
    assert state(manager, waits) == "queued" and "of the memory of cuda:0, of which" in status(manager, waits).sentence
    taken.clear()
    torch.cuda.empty_cache()
    until_state(manager, waits, "finished")


def test_a_full_gpu_is_told_and_what_others_train_goes_on(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not reckoned with, as another program takes it between the look and the use."""
    monkeypatch.setattr(gpu_memory, "free", lambda _: gpu_memory.PLENTY)
    other = manager.start(tiny(epochs=10_000, device="cuda"))
    until_step(manager, other, 30)
    free, _ = torch.cuda.mem_get_info()
    taken = [torch.empty(free - 2**30, dtype=torch.uint8, device="cuda")]
    wide = {"num_hidden": 8000, "num_layers": 3, "seeds": "0,1,2", "epochs": 1}
    full = manager.start(tiny(device="cuda", **wide))
    until_state(manager, full, "failed")
    assert status(manager, full).sentence == f"The device's memory is full: {SMALLER}."
    until_step(manager, other, status(manager, other).step + 30)
    taken.clear()
    torch.cuda.empty_cache()
    again = manager.start(tiny(device="cuda", **wide))
    until_state(manager, again, "finished", "failed")
    assert (state(manager, again), state(manager, other)) == ("finished", "running")
