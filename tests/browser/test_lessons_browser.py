"""Every lesson as a student meets it, from its first step to its last; one by keyboard, and again after a reload."""

import re

import pytest

from dfa_lab.lessons import lessons

pytestmark = pytest.mark.browser

STEP = "Number(document.querySelector('.dfa-status')?.textContent.match(/Step\\s*(\\d+)/)?.[1] ?? -1)"


def test_a_lesson_is_guessed_watched_and_found_again(open_page, lab):
    page = open_page(f"{lab}/lessons?lesson=what-is-dfa&step=2&projector=true", viewport={"width": 1300, "height": 900})
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
    page.get_by_text("Phones cannot open these links").wait_for()  # of localhost; test_shared.py has a code for them
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("One hidden layer").wait_for()


def test_every_lesson_is_clicked_through_to_its_end(open_page, lab):
    page = open_page(f"{lab}/lessons", viewport={"width": 1300, "height": 900})
    for number, lesson in enumerate(lessons().values(), start=1):
        page.get_by_role("button", name=f"Begin lesson {number}", exact=True).click()
        for place, step in enumerate(lesson.steps, start=1):
            page.get_by_role("heading", name=step.title).wait_for()
            assert page.get_by_text("Look at:").count() == 0  # the answer waits for the guess
            page.get_by_role("radiogroup").locator("label").nth(step.answer - 1).click()
            page.get_by_role("button", name="Watch what happens").click()
            page.get_by_text("That is so.").wait_for()
            page.wait_for_function(f"({STEP}) > 0 && window.__dfa_live.points > 0")
            assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
            if place < len(lesson.steps):
                page.get_by_role("button", name="Next").click()
        assert page.get_by_role("button", name="Next").count() == 0
        page.get_by_role("button", name="All lessons").click()
