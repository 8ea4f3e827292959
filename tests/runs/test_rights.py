"""Whose is what on a shared server: everybody looks, only owners change, and a copy is one's own."""

import inspect
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dfa_lab.feedback.changing import Change
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.rights import CLOSED, LOCAL, NOBODY, NOT_YOURS, PERSON, NotAllowed, Visitor
from dfa_lab.settings.experiment import SettingsError
from tests.runs.patience import state, status, tiny, until, until_state, until_step

ALICE, BOB, KEEPER = Visitor("alice"), Visitor("bob"), Visitor("", administrator=True)
# What each of the manager's methods that change an experiment is called with, but for its id.
CHANGING: dict[str, tuple] = {
    "pause": (),
    "resume": (),
    "step": (),
    "epoch": (),
    "set_learning_rate": (0.5,),
    "change_feedback": (Change("flip", 1),),
    "set_pace": (1.0,),
    "stop": (),
    "delete": (),
    "purge": (),
    "remove": (),
    "restore": (),
    "train_on": (100,),
    "continue_stored": (),
}
BEGINNING = {"start", "demo", "fork", "fork_at"}  # something of their own
READING = {
    "problem",
    "status",
    "in_memory",
    "records",
    "record_table",
    "record_list",
    "record_count",
    "last",
    "newest",
    "reached",
    "last_step",
    "settings_at",
    "look",
    "has_networks",
}


class Shared:
    """A manager, and whoever acts."""

    def __init__(self, folder: Path):
        self.acting = ALICE
        self.manager = Manager(folder, who=lambda: self.acting)

    def begin(self, who: Visitor = ALICE, **settings: object) -> str:
        self.acting = who
        id = self.manager.start(tiny(**{"epochs": 500, "rules": "bp,dfa"} | settings), pace=50)
        until_step(self.manager, id, 2)
        return id


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Shared]:
    shared = Shared(tmp_path)
    yield shared
    shared.acting = KEEPER
    shared.manager.close()


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(NotAllowed) as caught:
        act()
    assert str(caught.value) == NOT_YOURS


def test_every_method_of_the_manager_is_one_of_these() -> None:
    """Whoever adds one says whether strangers may call it."""
    public = {name for name, _ in inspect.getmembers(Manager) if not name.startswith("_")}
    assert public == {*CHANGING, *BEGINNING, *READING, "describe", "close"}


@pytest.mark.parametrize("ended", [False, True])
def test_thirty_strangers_try_everything_and_nothing_changes(shared: Shared, ended: bool) -> None:
    id = shared.begin()
    shared.manager.pause(id)
    until_state(shared.manager, id, "paused")
    shared.manager.describe(id, name="mine", tags=["a"])
    if ended:
        shared.manager.stop(id)
        until_state(shared.manager, id, "stopped")
    shared.manager.store.flush()
    before = (status(shared.manager, id), shared.manager.store.get(id), shared.manager.store.events(id))
    for number in range(30):
        shared.acting = Visitor(f"stranger{number}")
        for name, arguments in CHANGING.items():
            refused(lambda name=name, arguments=arguments: getattr(shared.manager, name)(id, *arguments))
        refused(lambda: shared.manager.describe(id, name="", note="was here", tags=[], colour="#000000"))
    shared.acting = NOBODY
    refused(lambda: shared.manager.delete(id))
    shared.manager.store.flush()
    assert (status(shared.manager, id), shared.manager.store.get(id), shared.manager.store.events(id)) == before
    shared.acting = ALICE
    shared.manager.describe(id, note="and still mine")
    shared.manager.delete(id)
    assert shared.manager.store.get(id) is None


def test_a_copy_is_ones_own_and_goes_on_from_the_same_step(shared: Shared) -> None:
    id = shared.begin()
    shared.manager.pause(id)
    until_state(shared.manager, id, "paused")
    time.sleep(0.05)
    at = status(shared.manager, id).step
    shared.acting = BOB
    copy, forked = shared.manager.fork(id, paused=True), shared.manager.fork_at(id, 1, {"learning_rate": 0.02}, paused=True)
    for own in (copy, forked):
        until_state(shared.manager, own, "paused")
        assert status(shared.manager, own).owner == "bob" and shared.manager.rights.owns(own)
    assert status(shared.manager, copy).step == at and status(shared.manager, forked).step == 1
    shared.manager.set_learning_rate(copy, 0.5)
    shared.manager.stop(copy)
    assert state(shared.manager, copy) == "stopped" and state(shared.manager, id) == "paused"
    assert status(shared.manager, id).owner == "alice"
    shared.acting = ALICE
    refused(lambda: shared.manager.stop(forked))


def test_owners_are_kept_and_what_has_none_is_the_administrators(tmp_path: Path) -> None:
    shared = Shared(tmp_path)
    shared.begin()
    id = shared.begin(BOB)
    shared.acting = PERSON
    nobodys = shared.begin(PERSON)
    shared.manager.close()

    again = Shared(tmp_path)
    again.acting = BOB
    try:
        assert status(again.manager, id).owner == "bob"
        again.manager.describe(id, name="mine still")
        refused(lambda: again.manager.remove(nobodys))
        again.acting = KEEPER
        again.manager.remove(nobodys)
        again.manager.remove(id)
        assert {one.id for one in again.manager.store.experiments(removed=True)} == {id, nobodys}
    finally:
        again.manager.close()


@pytest.mark.parametrize("name", LOCAL)
def test_files_of_the_server_are_for_whoever_keeps_it(shared: Shared, name: str) -> None:
    given = {"datapath": "/etc/shadow", "download": True, "processes": 2}.get(name, "elsewhere")
    chosen = tiny().model_copy(update={name: given})
    shared.acting = BOB
    with pytest.raises(SettingsError, match=rf"{name} \(--.* is for whoever keeps this server"):
        shared.manager.start(chosen)
    id = shared.begin()
    shared.acting = BOB
    with pytest.raises(SettingsError, match="is for whoever keeps this server"):
        shared.manager.fork_at(id, 1, {name: given})


def test_a_closed_server_begins_nothing_new_and_lets_the_rest_go_on(shared: Shared) -> None:
    id = shared.begin()
    shared.manager.rules.closed = True
    for begin in (lambda: shared.manager.start(tiny()), lambda: shared.manager.fork(id, paused=True)):
        with pytest.raises(SettingsError) as caught:
            begin()
        assert caught.value.problems == [CLOSED]
    until_step(shared.manager, id, status(shared.manager, id).step + 3)
    assert shared.manager.demo()
    shared.acting = KEEPER
    shared.manager.stop(shared.manager.start(tiny()))


def test_names_are_short_and_tell_two_of_one_name_apart(shared: Shared) -> None:
    visitors = shared.manager.visitors
    visitors.seen(ALICE)
    visitors.call("alice", "  Ann\n of the\tthird row, who has a very long name ")
    visitors.call("bob", "Ann")
    visitors.seen(ALICE)
    visitors.seen(KEEPER)
    names = visitors.names()
    assert names == {"alice": "Ann of the third row, who has (alic)", "bob": "Ann (bob)"}
    assert [one.id for one in visitors.all()] == ["alice", "bob"]


def test_visitors_do_not_read_where_the_runs_lie(shared: Shared, tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("somebody's file")
    shared.begin()
    until(lambda: shared.manager.problem)
    said: dict[str, str] = {}
    for shared.acting in (ALICE, KEEPER):
        said[shared.acting.id] = shared.manager.problem
    assert str(tmp_path) in said[""] and said["alice"] == said[""].replace(str(tmp_path), "the folder of runs")
