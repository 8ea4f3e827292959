"""One lesson as a student meets it, by keyboard, and again after a reload."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

MAIN = Path(__file__).parents[2] / "app" / "main.py"
STEP = "Number(document.querySelector('.dfa-status')?.textContent.match(/Step\\s*(\\d+)/)?.[1] ?? -1)"


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory) -> str:
    return serve(MAIN, environment={"DFA_LAB_RUNS": str(tmp_path_factory.mktemp("runs"))})


def test_a_lesson_is_guessed_watched_and_found_again(open_page, address):
    page = open_page(f"{address}/lessons?lesson=what-is-dfa&step=2&projector=true", viewport={"width": 1300, "height": 900})
    page.get_by_role("radiogroup").wait_for()
    assert page.get_by_role("button", name="Watch what happens").is_disabled()
    page.get_by_role("radio").first.focus()
    page.keyboard.press("ArrowDown")
    watch = page.get_by_role("button", name="Watch what happens")
    page.wait_for_function(
        "[...document.querySelectorAll('button')].some(b => b.innerText.includes('Watch what') && !b.disabled)"
    )
    watch.focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"({STEP}) > 3 && window.__dfa_live.firstDraw")
    assert re.search(r"step=2&answer=\d&run=\w+", page.url)
    assert page.locator(".dfa-live.dfa-large").count() == 1
    page.reload()
    page.wait_for_function(f"({STEP}) > 5 && window.__dfa_live.firstDraw")
    assert page.get_by_text("Look at:").is_visible()
    page.get_by_role("button", name="Share").click()
    page.wait_for_function("document.querySelector('img[alt^=QR]')?.naturalWidth > 50")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("One hidden layer").wait_for()
