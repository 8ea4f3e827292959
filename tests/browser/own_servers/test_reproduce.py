"""The page Reproduce as its visitors meet it: a cell is started with a click and its figure arrives."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

PAGE = Path(__file__).with_name("small_reproduce.py")


@pytest.fixture(scope="module")
def address(serve: Callable[..., str], tmp_path_factory) -> str:
    return serve(PAGE, environment={"DFA_LAB_RUNS": str(tmp_path_factory.mktemp("runs")), "OMP_NUM_THREADS": "1"})


def cell(page, rule: str):
    return page.locator(f".st-key-cell_paper_4_1x20_tanh_{rule}")


def press(page, rule: str, name: str) -> None:
    cell(page, rule).get_by_role("button", name=re.compile(rf"\b{name}\b")).click()


def test_a_cell_is_started_and_its_figure_arrives(open_page: Callable, address: str):
    page = open_page(address, viewport={"width": 1400, "height": 900})
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("4")
    epochs.press("Enter")
    page.get_by_role("radio", name="2", exact=True).click()
    page.get_by_role("radio", name="2", exact=True, checked=True).wait_for()
    cell(page, "dfa").get_by_text("paper").wait_for()
    assert "6.0 ± 0.5 ✓" in cell(page, "dfa").inner_text()
    press(page, "dfa", "Start")
    cell(page, "dfa").get_by_text("2 seeds · 4 of 300 epochs").wait_for()
    cell(page, "dfa").get_by_text(re.compile(r"^\d+\.\d\d ± \d+\.\d\d$")).wait_for()
    cell(page, "dfa").get_by_text(re.compile(r"^[▲●▼] [+−]\d+\.\d\d$")).wait_for()
    assert epochs.input_value() == "4"  # nothing that was chosen is reset
    cell(page, "dfa").get_by_role("button", name=re.compile("Start")).wait_for(state="detached")  # this one is there


def test_cells_wait_for_their_turn_and_are_stopped_and_continued(open_page: Callable, address: str):
    page = open_page(address, viewport={"width": 390, "height": 900})
    press(page, "bp", "Start")  # 300 epochs take longer than this test
    cell(page, "bp").get_by_role("progressbar").wait_for()
    press(page, "dfa", "Start")
    cell(page, "dfa").get_by_text("waits for its turn").wait_for()
    cell(page, "bp").get_by_text(re.compile(r"epoch \d+\.\d of 300")).wait_for()
    press(page, "bp", "Stop")
    cell(page, "dfa").get_by_text(re.compile(r"epoch \d+\.\d of 300")).wait_for()
    page.reload()
    press(page, "dfa", "Stop")
    press(page, "bp", "Continue from epoch \\d+")
    cell(page, "bp").get_by_role("button", name=re.compile("Stop")).click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
