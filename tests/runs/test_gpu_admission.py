"""Memory of GPUs is promised before it is used, each for itself. What is trained here is on the CPU: the figures are set."""

from collections.abc import Iterator
from contextlib import closing
from math import prod
from pathlib import Path

import pytest
import torch

from dfa_lab import data
from dfa_lab.machine import gpu_memory
from dfa_lab.runs import admission, queue
from dfa_lab.runs.limits import Limits
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.replay import replays
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.train.preflight import needed
from tests.runs.patience import state, status, tiny, until, until_state, until_step

GIB = 2**30
FIRST, SECOND = torch.device("cuda:0"), torch.device("cuda:1")
ON = {511: FIRST, 510: SECOND}  # by the batch size


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    monkeypatch.setattr(queue, "EVERY", 0.02)
    monkeypatch.setattr(gpu_memory, "free", lambda gpu: (20 if gpu == FIRST else 8) * GIB)
    monkeypatch.setattr(gpu_memory, "total", lambda _: 24 * GIB)
    monkeypatch.setattr(admission, "gpu_of", lambda experiment: ON.get(experiment.batch_size))
    monkeypatch.setattr(admission, "taken_on_gpu", lambda experiment: int(experiment.num_hidden) * GIB)
    monkeypatch.setattr(admission, "_grows", lambda live: True)
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def on(device: torch.device | None, gib: int = 6) -> Experiment:
    """Without end, of so many GiB of the GPU's memory."""
    batch = next((size for size, one in ON.items() if one == device), 512)
    return tiny(batch_size=batch, num_hidden=gib)


def test_what_a_gpu_has_free_is_promised_and_the_next_waits_for_it_alone(manager: Manager) -> None:
    """Of 20 GiB that are free 18 may be promised: to three of 6."""
    first = [manager.start(on(FIRST), pace=20.0) for _ in range(4)]
    for id in first[:3]:
        until_state(manager, id, "running")
    assert state(manager, first[3]) == "queued"
    said = status(manager, first[3]).sentence
    assert said.startswith("1st in the queue: it takes up to 6.4 GB of the memory of cuda:0, of which 0 bytes are free.")
    others = [manager.start(on(device), pace=20.0) for device in (None, SECOND)]  # neither waits for the first GPU
    for id in others:
        until_state(manager, id, "running")
    last = manager.start(on(SECOND), pace=20.0)
    said = status(manager, last).sentence
    assert said.startswith("1st in the queue") and "6.4 GB of the memory of cuda:1, of which 1.3 GB are free" in said
    manager.stop(first[0])
    until_state(manager, first[3], "running")
    assert state(manager, last) == "queued"


def test_places_are_counted_over_all_devices(manager: Manager) -> None:
    manager.rules.limits = Limits(places=1)
    until_state(manager, manager.start(on(None), pace=20.0), "running")
    waiting = [manager.start(on(device)) for device in (FIRST, SECOND)]
    assert [status(manager, id).sentence[:3] for id in waiting] == ["1st", "2nd"]


def test_what_a_gpu_can_never_hold_is_refused_with_the_figures(manager: Manager) -> None:
    with pytest.raises(SettingsError) as caught:
        manager.start(on(FIRST, 30))
    assert caught.value.problems == [admission.NEVER.format("32.2 GB", "cuda:0", "25.8 GB")]
    assert not manager.store.experiments()
    with pytest.raises(SettingsError, match=r"of the memory of cuda:1, of which 7\.7 GB are free\. Take fewer or smaller"):
        manager.start(on(SECOND, 10))  # nothing runs that could make room


def test_a_replay_is_promised_its_gpus_memory_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the driver says is faked: nine tenths of what is free may be promised."""
    free = {FIRST: 8 * GIB, SECOND: 20 * GIB}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda gpu: (free[gpu], 24 * GIB))
    for name in ("memory_reserved", "memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, lambda _: 0)
    monkeypatch.setattr(admission, "gpu_of", lambda experiment: ON.get(experiment.batch_size))
    monkeypatch.setattr(admission, "taken_on_gpu", lambda experiment: int(experiment.num_hidden) * GIB)
    monkeypatch.setattr(replays, "LOOK", 0.01)
    monkeypatch.setattr(queue, "EVERY", 0.02)
    with closing(Manager(tmp_path)) as manager:
        old = manager.start(on(FIRST, 7).model_copy(update={"epochs": 2}))
        until_state(manager, old, "finished")
        other = manager.start(on(SECOND, 6), pace=20.0)
        until_step(manager, other, 2)
        monkeypatch.setattr(admission, "taken_on_gpu", lambda experiment: 12 * GIB)
        until(lambda: manager.replays.ask(old, 3).waits)
        assert "it takes up to 12.9 GB of the memory of cuda:0, of which 7.7 GB are free" in manager.replays.ask(old, 3).words()
        with monkeypatch.context() as patch:
            given = manager.promises.promise(0, FIRST, GIB)
            assert (manager.promises.left(FIRST), manager.promises.left(SECOND)) == (round(6.2 * GIB), 18 * GIB)
            patch.setattr(admission, "_grows", lambda live: True)
            assert manager.promises.left(SECOND) == 6 * GIB  # the other one trains there
            given.release()
        free[FIRST] = 20 * GIB
        until(lambda: manager.replays.ask(old, 3).over)
        assert manager.replays.ask(old, 3).state == "ready" and not manager.promises.given


def test_networks_and_data_are_reckoned(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tiny(num_hidden=100, rules="bp,fa,dfa", optimizer="adam")
    facts = data.facts_of(settings)
    assert admission.taken_on_gpu(settings) == 0 and admission.gpu_of(settings) is None
    monkeypatch.setattr(admission, "resolve", lambda *_: FIRST)
    admission._needed.cache_clear()
    samples = 4 * (facts.train + facts.test) * prod(facts.shape)
    assert admission.taken_on_gpu(settings) == needed(settings, facts) + samples
    admission._needed.cache_clear()


def test_what_torch_keeps_for_the_next_tensors_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (10, 80))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: 7)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 3)
    assert (gpu_memory.free(FIRST), gpu_memory.total(FIRST)) == (14, 80)


@pytest.mark.skipif(torch.cuda.is_available(), reason="asks a machine without an NVIDIA GPU")
def test_where_there_is_no_gpu_loading_says_so() -> None:
    assert gpu_memory.free(FIRST) == gpu_memory.total(FIRST) == gpu_memory.PLENTY
