"""make soak: what its parts find in one small cycle, and that they find what is made to be wrong."""

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from dfa_lab.runs.manager import Manager
from dfa_lab.runs.rights import Visitor
from tests.runs.patience import status, tiny, until, until_state

sys.path.append(str(Path(__file__).parents[1] / "tools" / "soak"))

from lab_process import Held, Lab  # type: ignore[import-not-found]
from ledger import Known, Ledger  # type: ignore[import-not-found]
from resting import grows  # type: ignore[import-not-found]

LOST = {
    "DELETE FROM experiments WHERE id = 'ID'": "it is gone",
    "UPDATE experiments SET owner = 'eve' WHERE id = 'ID'": "it belongs to 'eve', and belonged to 'ann'",
    "UPDATE experiments SET state = 'running' WHERE id = 'ID'": "it was finished, and is running",
    "UPDATE experiments SET removed = 1 WHERE id = 'ID'": "nobody removed it, and it is removed",
    "UPDATE records SET value = value + 1 WHERE experiment = 'ID' AND seq = 3": "records are others than before",
    "DELETE FROM records WHERE experiment = 'ID' AND seq > 3": "records were shown, and 4 are kept",
}


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Known]:
    """A folder of runs with one experiment that has finished, and what its visitor has seen of it."""
    runs = tmp_path_factory.mktemp("soak") / "runs"
    manager = Manager(runs, who=lambda: Visitor("ann"))
    try:
        one = Known(manager.start(tiny(epochs=2, rules="dfa", measure_every=1)), "ann")
        until_state(manager, one.id, "finished")
        now = status(manager, one.id)
        one.see(now.state, now.step, len(manager.records(one.id)))
        assert one.seen[-1].records > 4
    finally:
        manager.close()
    return runs, one


def faults(runs: Path, one: Known, killed: bool = False) -> list[str]:
    ledger = Ledger()
    ledger.known[one.id] = one
    return ledger.faults(runs, time.monotonic(), killed)


def test_the_ledger_finds_what_a_store_has_lost(soaked: tuple[Path, Known]):
    runs, one = soaked
    assert faults(runs, one) == [] and faults(runs, one) == []  # the second time it knows the records
    for change, fault in LOST.items():
        kept = (runs / "runs.sqlite").read_bytes()
        with closing(sqlite3.connect(runs / "runs.sqlite")) as store, store:
            store.execute(change.replace("ID", one.id))
        assert any(fault in found for found in faults(runs, one)), change
        (runs / "runs.sqlite").write_bytes(kept)
    assert faults(runs, one) == []


def test_a_kill_may_take_a_second_of_records_and_no_more(soaked: tuple[Path, Known]):
    runs, one = soaked
    known = Known(one.id, one.owner)
    known.see("running", 1, 10**6)  # shown just before the end
    assert faults(runs, known, killed=True) == []
    assert "1000000 records were shown" in faults(runs, known)[0]
    known.seen[0].when -= 2
    assert "1000000 records were shown" in faults(runs, known, killed=True)[0]


def test_what_ran_has_to_go_on_after_a_kill_from_close_by():
    now, ledger = time.monotonic(), Ledger()
    one = ledger.add("a", "ann")
    one.when = now - 60  # begun in the life that was ended

    def seen(*told: tuple[float, str, int]) -> str:
        one.seen.clear()
        for when, state, step in told:
            one.see(state, step, 0)
            one.seen[-1].when = now + when
        return ledger.not_taken_up(one, now, killed=True)

    assert seen((-30, "running", 100), (-2, "running", 300), (1, "running", 120)) == ""
    assert "does not go on" in seen((-2, "running", 300), (1, "interrupted", 300))
    assert "goes on from 90" in seen((-30, "running", 100), (-2, "running", 300), (1, "running", 90))
    assert seen((-2, "paused", 300), (1, "interrupted", 300)) == ""
    one.when, one.taken_up = now - 300, now - 10  # no checkpoint yet since it was taken up
    assert seen((-2, "running", 300), (1, "interrupted", 300)) == ""


def test_what_grows_at_rest_is_named():
    flat = [Held(900 + 20 * (number % 2), 30 + number % 3, 12) for number in range(12)]
    assert grows(flat) == [] and grows([]) == []
    assert "memory grows by" in grows([Held(900 + 10 * number, 30, 12) for number in range(12)])[0]
    assert grows([Held(900, 30 + number, 12) for number in range(12)]) == ["files at rest grow from 33 to 39"]
    assert grows([Held(900, 30, 12 + number) for number in range(12)]) == ["threads at rest grow from 15 to 21"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_process_is_seen_with_its_descriptors_and_its_tracebacks_are_read(tmp_path: Path):
    import subprocess

    lab = Lab(tmp_path)
    lab.log.write_text("Traceback (most recent call last):\n  File\n    x\nValueError: no\nafter it\n")
    assert lab.errors() == ["ValueError: no"]
    with subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL) as process:
        try:
            lab._process = process
            until(lambda: lab.held().threads == 1, "it is there")
            assert lab.at_rest(0.0).files >= 3 and lab.held().memory > 0
        finally:
            lab.end()
