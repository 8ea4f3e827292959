"""The page Reproduce: what it shows of a cell, and what its buttons do."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.reproduce import cells
from dfa_lab.paper import tables
from dfa_lab.paper.outcomes import Outcome
from dfa_lab.paper.tables import TABLES
from dfa_lab.runs.manager import Manager
from tests.paper.small_tables import ROW, SMALL
from tests.runs.patience import until, until_state

ROOT = Path(__file__).parents[2]

SLUG = "paper_4_1x20_tanh"


@pytest.fixture
def page(app: AppTest) -> AppTest:
    """The visitor has seen the Lab."""
    return app.run()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "TABLES", SMALL)


def go(page: AppTest) -> AppTest:
    page.switch_page(str(ROOT / "pages" / "reproduce.py")).run()
    assert not page.exception
    return page


def keys(page: AppTest) -> set[str]:
    return {one.key.split("_")[0] for one in page.button if one.key}


def press(page: AppTest, key: str) -> None:
    (button,) = (one for one in page.button if one.key and one.key.startswith(key))
    button.click().run()
    assert not page.exception and not page.error


def only(manager: Manager) -> Outcome:
    from dfa_lab.paper.outcomes import Outcomes

    (several,) = Outcomes(manager).read().values()
    return several[0]


def test_a_data_set_that_is_missing_is_told_before_the_click(page: AppTest) -> None:
    go(page)
    assert page.segmented_control(key="paper_table").value == 1
    assert "MNIST is not there because" in page.warning[0].value.replace("\\", "")
    starts = [one for one in page.button if one.key and one.key.startswith("start_")]
    assert len(starts) == 28 and all(one.disabled for one in starts)
    page.toggle(key="paper_download").set_value(True).run()
    assert not any(one.disabled for one in page.button if one.key and one.key.startswith("start_"))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_figure_of_the_table_is_there(page: AppTest, number: int) -> None:
    go(page)
    page.segmented_control(key="paper_table").set_value(number).run()
    assert not page.exception
    shown = " ".join(one.body for one in page.get("html"))  # type: ignore[attr-defined]
    for row in TABLES[number - 1].rows:
        for cell in row.published.values():
            assert f"{cell.error:.{cell.digits}f} ± {cell.std:.{cell.digits}f}" in shown
    assert shown.count("⚠ assumed") == sum(len(row.assumed) for row in TABLES[number - 1].rows) > 0


@pytest.mark.usefixtures("small")
def test_a_cell_is_started_paused_stopped_continued_and_done(page: AppTest) -> None:
    from app.shell.server import manager

    go(page)
    assert not page.warning
    page.number_input(key="paper_epochs").set_value(12).run()
    page.segmented_control(key="paper_seeds").set_value(2).run()
    press(page, f"start_{SLUG}_dfa")
    one = only(manager())
    assert one.experiment == ROW.experiment("dfa", 2, 12)
    manager().set_pace(one.id, 60)
    until(lambda: only(manager()).reached > 1)
    page.run()
    press(page, "pause_")
    assert {"resume", "stop", "open", "start"} == keys(page)  # start: of bp
    press(page, "resume_")
    press(page, "stop_")
    until(lambda: only(manager()).continues is not None)
    page.run()
    press(page, "continue_")
    manager().set_pace(one.id, 0)
    until_state(manager(), one.id, "finished")
    page.run()
    assert [button.key for button in page.button] == [f"start_{SLUG}_bp", f"open_{one.id}"]
    assert page.number_input(key="paper_epochs").value == 12
    page.number_input(key="paper_epochs").set_value(13).run()  # another experiment
    assert f"start_{SLUG}_dfa" in [button.key for button in page.button]


@pytest.mark.usefixtures("small")
def test_what_waits_is_removed_and_what_runs_is_opened(page: AppTest) -> None:
    from app.shell.server import manager

    go(page)
    press(page, f"start_{SLUG}_bp")
    press(page, f"start_{SLUG}_dfa")
    (waiting,) = (one for one in manager().store.experiments(demos=False) if one.state == "queued")
    press(page, f"delete_{waiting.id}")
    assert manager().store.get(waiting.id) is None
    id = only(manager()).id
    press(page, f"open_{id}")
    assert page.query_params["experiment"] in (id, [id])
    manager().stop(id)


def test_what_comes_from_outside_is_text() -> None:
    assert "nobody has &lt;b&gt;published&lt;/b&gt; it" in cells.settings(ROW)
    sentence = "<script>alert(1)</script>"
    outcome = Outcome("a", ROW.experiment("dfa"), "failed", sentence, (), 0, 0.0, 0.0, None, None)
    shown = cells.card("dfa", ROW.published["dfa"], outcome)
    assert sentence not in shown and "&lt;script&gt;" in shown


def test_the_difference_is_told_by_shape_too() -> None:
    published = ROW.published["dfa"]
    shapes = []
    for error in (4.0, 6.0, 8.0):
        outcome = Outcome("a", ROW.experiment("dfa"), "finished", "", (error,), 300, 300.0, 9.0, None, None)
        shapes += [shape for shape in "▼●▲" if shape in cells.card("dfa", published, outcome)]
    assert shapes == ["▼", "●", "▲"]
