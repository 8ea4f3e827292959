"""Every lesson as a student meets it, by keyboard alone, from its first step to its last; and again after a reload."""

import json
import re
import time

from dfa_lab.lessons import lessons
from dfa_lab.lessons.learning_paths import learning_paths
from dfa_lab.lessons.recorded import recording_of
from tests.browser.test_every_page import in_the_way

STEP = "Number(document.querySelector('.dfa-status')?.textContent.match(/Step\\s*(\\d+)/)?.[1] ?? -1)"
KEPT = "JSON.parse(localStorage.getItem('dfa-lab-lessons') ?? '{}')"
WIDE = {"width": 1300, "height": 900}
LOW = {"width": 1000, "height": 450}  # what is out of sight is not drawn, which is most of the work


def at_rest(page) -> None:
    """The page is drawn, and its buttons do what they say."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def tab_to(page, name: str) -> None:
    """Go on with the Tab key until what has this text has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("name => document.activeElement.closest('button')?.innerText.includes(name) ?? false", name):
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_a_step_is_guessed_watched_without_a_verdict_and_found_again(open_page, lab):
    page = open_page(f"{lab}/lessons?lesson=relu-zero-scale&step=1&projector=true", viewport=WIDE)
    step = lessons()["relu-zero-scale"].steps[0]
    page.get_by_role("radiogroup").wait_for()
    assert page.get_by_role("button", name="Watch what happens").is_disabled()
    page.keyboard.press("2")
    page.locator(".st-key-watch button:not([disabled])").wait_for()
    page.keyboard.press("Control+Enter")  # the focus is among the choices
    page.wait_for_function(f"({STEP}) > 3 && window.__dfa_live.firstDraw")
    assert re.search(r"step=1&answer=2&run=\w+", page.url) and "seen" not in page.url
    assert page.locator(".dfa-live.dfa-large").count() == 1
    assert page.get_by_text("Look at:").is_visible()
    assert page.get_by_text(re.compile("What happens:|That is so|What it means")).count() == 0
    page.reload()
    page.wait_for_function(f"({STEP}) > 5 && window.__dfa_live.firstDraw")
    assert page.get_by_text(re.compile("What happens:|That is so|What it means")).count() == 0
    page.keyboard.press("p")
    page.wait_for_selector(".dfa-status[data-state=paused]")
    page.get_by_role("button", name="Resume").wait_for()
    at_rest(page)
    page.keyboard.press("p")
    page.get_by_text("What it means").wait_for()  # by itself, when the training is there
    assert page.locator(".dfa-status").get_attribute("data-state") == "running"  # at what is asked for, not at the end
    assert in_the_way(page) == []
    assert page.get_by_text("What happens:").is_visible() and "seen=1" in page.url
    run = re.search(r"run=(\w+)", page.url)
    page.wait_for_function(f"{KEPT}.marks")
    assert run and page.evaluate(KEPT)["marks"] == {"relu-zero-scale/1": {"answer": 2, "run": run[1]}}
    assert "dfa-lab-lessons" not in json.dumps(page.context.cookies()) and step.choices[0] in page.inner_text("body")
    page.get_by_role("button", name="Share").click()
    page.get_by_text("Phones cannot open these links").wait_for()  # of localhost; test_shared.py has a code for them
    page.keyboard.press("Escape")
    page.goto(f"{lab}/lessons")
    page.get_by_text("1 of 4 steps done").wait_for()
    page.get_by_role("button", name="Forget what I have done").click()
    page.get_by_text("1 of 4 steps done").wait_for(state="detached")
    page.wait_for_function("localStorage.getItem('dfa-lab-lessons') === null")


def test_every_lesson_by_keyboard_alone(open_page, lab):
    page = open_page(f"{lab}/lessons", viewport=LOW)
    page.get_by_role("button", name="Begin lesson 1", exact=True).wait_for()
    at_rest(page)
    tab_to(page, "Begin lesson 1")
    page.keyboard.press("Enter")
    for lesson in lessons().values():
        for step in lesson.steps:
            page.get_by_role("heading", name=step.title).wait_for()
            page.locator(".st-key-question").wait_for()
            at_rest(page)
            assert page.get_by_text("Look at:").count() == 0  # the hint waits for the guess
            page.keyboard.press(str(step.answer))
            page.locator(".st-key-watch button:not([disabled])").wait_for()
            at_rest(page)
            page.keyboard.press("Control+Enter")
            page.locator(".st-key-show_answer").wait_for()
            assert page.get_by_text("That is so.").count() == 0
            page.wait_for_function(f"({STEP}) > 0 && window.__dfa_live.points > 0")
            at_rest(page)
            page.keyboard.press("Control+Enter")
            page.get_by_text("That is so.").wait_for()
            assert page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0
            at_rest(page)
            page.keyboard.press("Control+Enter")  # the next step, or the next lesson
    tab_to(page, "All lessons")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Begin lesson 1", exact=True).wait_for()
    assert page.get_by_text("check_circle").count() >= len(lessons())


def test_a_recorded_run_plays_as_one_that_trains_and_says_what_it_is(open_page, lab):
    recording = recording_of("deep", 1, lessons()["deep"].steps[0])
    assert recording
    address = f"{lab}/lessons?lesson=deep&step=1&answer=1&run=recorded"
    page = open_page(f"{address}{int(time.time())}", viewport=LOW)
    page.wait_for_function(f"({STEP}) > 3 && window.__dfa_live.points > 0")
    assert page.get_by_text("Recorded run.").is_visible() and page.get_by_role("button", name="Pause").count() == 0
    assert page.get_by_text("What it means").count() == 0
    page.goto(f"{address}{int(time.time()) - 1000}")
    page.get_by_text("What it means").wait_for()
    page.wait_for_function(f"({STEP}) === {recording.steps} && window.__dfa_live.points === {len(recording.records)}")
    page.wait_for_selector(".dfa-status[data-state=finished]")


def test_the_lab_course_ends_with_a_sheet_of_ones_own(open_page, lab):
    course = learning_paths()["lab-course"]
    station = course.stations[0]
    address = f"{lab}/lessons?path={course.name}&lesson={station.lesson}&step={station.steps_of[-1]}"
    page = open_page(address, viewport=LOW)
    page.get_by_role("radiogroup").wait_for()
    page.keyboard.press("2")
    watch = page.locator(".st-key-watch button:not([disabled])")
    watch.wait_for()
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
    button, bar = watch.bounding_box(), page.get_by_test_id("stBottom").bounding_box()
    assert button and bar and button["y"] >= 0 and button["y"] + button["height"] <= bar["y"]  # before one has scrolled to it
    page.keyboard.press("Control+Enter")
    page.locator(".st-key-show_answer").wait_for()
    page.wait_for_function(f"({STEP}) > 0")
    at_rest(page)
    page.keyboard.press("Control+Enter")
    page.get_by_role("textbox", name=station.asks[0]).fill("They fall <from> 90°")
    page.keyboard.press("Control+Enter")
    page.wait_for_function(f"Object.values({KEPT}.notes ?? {{}}).length === 1")
    at_rest(page)
    assert f"lesson={station.lesson}&step={station.steps_of[-1]}" in page.url  # the keys have ended the writing, and no more
    page.goto(f"{lab}/lessons?path={course.name}&sheet=1")
    page.get_by_text("They fall <from> 90°").wait_for()
    assert page.locator(".sheet section").count() == len(course.stops) and page.locator(".sheet table").count() == 1
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the sheet").click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>") and "They fall &lt;from&gt; 90°" in text
    page.emulate_media(media="print")
    assert page.locator(".sheet").is_visible() and not page.get_by_role("button", name="Download the sheet").is_visible()
    page.emulate_media(media="screen")
