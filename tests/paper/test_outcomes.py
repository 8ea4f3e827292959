"""Ours beside the published figure: from the records of the store, in words."""

from collections.abc import Iterator
from pathlib import Path
from statistics import stdev

import pytest

from dfa_lab.paper import texts
from dfa_lab.paper.outcomes import Outcomes, best, compare, same
from dfa_lab.paper.tables import TABLES, Published
from dfa_lab.records import Record
from dfa_lab.runs.manager import Manager
from tests.paper.small_tables import ROW


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def put(manager: Manager, id: str, errors: list[float], epochs: int, *, state: str = "finished", asked: int = 300) -> None:
    """An experiment of the small table's dfa, with these test errors in percent after so many epochs of 45 steps."""
    store = manager.store
    store.create(id, ROW.experiment("dfa", len(errors), asked), title=ROW.title("dfa"))
    for epoch in range(epochs + 1):
        for run, error in enumerate(errors):
            value = error / 100 + (epochs - epoch) / 1000
            store.add_records(id, [Record(run, "test_error", None, value, 45 * epoch, epoch, 0, 2.0 * epoch)])
            store.add_records(id, [Record(run, "train_loss", None, 0.1, 45 * epoch, epoch, 0, 2.5 * epoch)])
    store.set_state(id, state)


def test_what_the_store_holds_of_a_cell(manager: Manager) -> None:
    put(manager, "a", [6.0, 7.0, 5.5], 10)
    put(manager, "none yet", [90.0], 0, state="stopped")
    manager.store.create("else", ROW.experiment("dfa"))
    outcomes = Outcomes(manager)
    (found,) = outcomes.read().values()
    none, a = found
    assert (none.id, none.errors, none.error, none.std, none.epoch) == ("none yet", (), None, None, 0)
    assert a.error == pytest.approx(18.5 / 3) and a.std == pytest.approx(stdev([6.0, 7.0, 5.5]))
    assert (a.epoch, a.seconds, a.active, a.continues, a.progress) == (10, 75.0, False, None, 10 / 300)
    assert list(outcomes.read().values()) == [found]  # also from what it remembers
    assert best(found) is a and best([]) is None
    put(manager, "longer", [6.0], 12)
    put(manager, "more seeds", [6.0, 6.1], 12)
    (found,) = outcomes.read().values()
    assert (shown := best(found)) and shown.id == "more seeds"
    put(manager, "active", [6.0], 1, state="running")
    (found,) = outcomes.read().values()
    assert found[0].id == "active" and found[0].active
    assert (shown := best(found)) and shown.id == "more seeds"


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [(6.0, "near", "● +0.00"), (7.0, "near", "● +1.00"), (7.01, "higher", "▲ +1.01"), (4.9, "lower", "▼ −1.10")],
)
def test_how_far_ours_is_from_the_published(manager: Manager, error: float, kind: str, words: str) -> None:
    cell = ROW.published["dfa"]
    put(manager, "a", [error], 300)
    ((outcome,),) = Outcomes(manager).read().values()
    assert compare(error, cell) == kind and texts.difference(outcome, cell) == words
    assert texts.ours(outcome) == f"{error:.2f}" and texts.seeds(outcome) == "1 seed"
    assert texts.epochs(outcome) == "300 of 300 epochs"


def test_whoever_is_cut_short_says_so(manager: Manager) -> None:
    put(manager, "a", [6.0, 7.0], 10, asked=10)
    ((outcome,),) = Outcomes(manager).read().values()
    assert (texts.ours(outcome), texts.epochs(outcome)) == ("6.50 ± 0.71", "10 of 300 epochs")


def test_a_learning_rate_that_was_changed_is_told(manager: Manager) -> None:
    id = manager.start(ROW.experiment("dfa"), title=ROW.title("dfa"), keep=True)
    ((outcome,),) = Outcomes(manager).read().values()
    assert not outcome.changed
    manager.set_learning_rate(id, 0.5)
    ((outcome,),) = Outcomes(manager).read().values()
    assert outcome.changed and "changed by hand" in texts.epochs(outcome)


def test_published_figures_are_printed_as_in_the_paper() -> None:
    shown = {texts.published(cell) for table in TABLES for row in table.rows for cell in row.published.values()}
    assert {"1.60 ± 0.06", "2.20 ± 0.13", "1.45 ± 0.07", "47.0 ± 2.2", "45.1 ± 0.7"} <= shown
    assert texts.sign(Published(1.0, 0.1)) == "?"
    assert [texts.duration(s) for s in (3.4, 89, 600, 5400, 11_100)] == ["3 s", "89 s", "10 min", "1 h 30 min", "3 h 5 min"]


def test_the_machine_makes_no_other_experiment() -> None:
    one = ROW.experiment("dfa", 2, 10)
    assert same(one, ROW.experiment("dfa", 2, 10, datapath="/elsewhere", download=True, device="auto"))
    for other in (ROW.experiment("bp", 2, 10), ROW.experiment("dfa", 1, 10), ROW.experiment("dfa", 2, 11)):
        assert not same(one, other)
