"""What the setting `save` leaves behind, and that it can be loaded."""

from contextlib import closing
from pathlib import Path

import pytest
from patience import tiny, until

from dfa_lab.runs.manager import Manager
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.train import checkpoint, saved


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DFA_LAB_RUNS", str(tmp_path))
    one = Manager(tmp_path)
    yield one
    one.close()


def state(manager: Manager, id: str) -> str:
    status = manager.status(id)
    return status.state if status else ""


def test_the_nets_are_kept_and_others_start_from_them(manager: Manager) -> None:
    id = manager.start(tiny(save="mine", rules="fa", epochs=1))
    until(lambda: state(manager, id) == "finished")
    assert saved.names() == ["mine"]
    trainer = checkpoint.load(saved.net("mine"))
    assert trainer.done and trainer.experiment.save == "mine"
    later = manager.start(tiny(load="mine", rules="fa", epochs=1))
    until(lambda: state(manager, later) == "finished")
    before, after = (manager.records(one) for one in (id, later))
    end = [r.value for r in before if r.metric == "test_error"][-1]
    assert next(r.value for r in after if r.metric == "test_error") == end


def test_a_name_is_given_once(manager: Manager) -> None:
    id = manager.start(tiny(save="mine"), paused=True)
    for _ in range(2):  # while it is active, and when its nets are there
        with pytest.raises(SettingsError, match=r"save \(--save\) is 'mine': a run of this name is kept already"):
            manager.start(tiny(save="mine"))
        manager.step(id)
        until(lambda: saved.names() == ["mine"])
        manager.stop(id)
        until(lambda: state(manager, id) == "stopped")
    copy = manager.status(manager.fork(id, paused=True))
    assert copy and copy.experiment.save == ""


def test_a_manager_saves_into_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DFA_LAB_RUNS", str(tmp_path / "another"))
    with closing(Manager(tmp_path / "own")) as own:
        id = own.start(tiny(save="mine", epochs=1))
        until(lambda: state(own, id) == "finished")
        assert (tmp_path / "own" / "saved" / "mine" / saved.NET).exists()
        with pytest.raises(SettingsError, match="kept already"):
            own.start(tiny(save="mine"))
    assert not (tmp_path / "another").exists()


def test_what_is_not_there_is_said(manager: Manager) -> None:
    id = manager.start(tiny(load="nothing"))
    until(lambda: state(manager, id) == "failed")
    status = manager.status(id)
    assert status and status.sentence.startswith("load (--load) is 'nothing': there is no such run")
