"""Epochs of a data set of which the files hold fewer samples than were published, counted where no network is in memory."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dfa_lab.runs.live import Status, plan_of
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.resuming import ContinueError
from dfa_lab.settings.experiment import SettingsError
from tests.data.data_files import mnist
from tests.runs.patience import status, tiny, until_state


@pytest.mark.parametrize(
    ("more", "samples", "steps"),
    [
        ({"batch_size": 6}, 20, 4),
        ({"batch_size": 6, "drop_last": True}, 18, 3),
        ({"batch_size": 5, "train_samples": 11}, 11, 3),
    ],
    ids=["all", "whole batches", "subset"],
)
def test_they_are_as_long_as_they_were(tmp_path: Path, more: dict[str, object], samples: int, steps: int) -> None:
    """MNIST has 60,000 training images as published, these files have 20."""
    mnist(tmp_path / "data")
    few = tiny(dataset="mnist", datapath=str(tmp_path / "data"), incomplete=True, epochs=2, probe_size=2, rules="dfa", **more)
    with closing(Manager(tmp_path / "runs")) as manager:
        id = manager.start(few)
        until_state(manager, id, "finished")
        there = status(manager, id)
        assert (there.epoch_samples, there.steps, there.epoch) == (samples, 2 * steps, 2.0)
    with closing(Manager(tmp_path / "runs")) as manager:  # another server, which has the store alone
        found = status(manager, id)
        assert not manager.has_networks(id)
        assert (found.epoch_samples, found.steps, found.epoch) == (samples, 2 * steps, 2.0)
        assert plan_of(found).epoch(steps) == 1.0 and plan_of(found).epoch(1) == few.batch_size / samples
        refused(lambda: manager.train_on(id, 2), "give more than 2, since so many are done")
        refused(lambda: manager.fork_at(id, 2 * steps, {}), "give more: with these it is over at the step where it begins")
        refused(lambda: manager.fork_at(id, 2 * steps, {"epochs": 1}), "give 2 or more, since 2 epochs are done")
        manager.train_on(id, 3)
        until_state(manager, id, "finished")
        assert status(manager, id).step == 3 * steps


def refused(call: Callable[[], object], why: str) -> None:
    with pytest.raises((ContinueError, SettingsError)) as told:
        call()
    assert why in str(told.value)


def test_where_nothing_was_trained_they_are_as_published() -> None:
    waiting = Status("a", tiny(dataset="mnist", batch_size=100, epochs=2), "queued", "", False)
    assert plan_of(waiting).steps == 2 * 600
