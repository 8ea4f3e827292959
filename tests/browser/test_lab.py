"""The lab as its visitors meet it, in a real Chromium against the real server."""

import re
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from playwright.sync_api import TimeoutError as Late
from playwright.sync_api import expect

from tests.browser.conftest import settled, wait_until_drawn

IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
STEP = """() => {
  const text = document.querySelector('.dfa-status')?.textContent.match(/Step\\s*([\\d,]+)/)?.[1] ?? '-1'
  return Number(text.replaceAll(',', ''))
}"""
STATE = "() => document.querySelector('.dfa-status')?.dataset.state"
POINTS = "() => window.__dfa_live.points"
UPDATES = "() => window.__dfa_live.updates"
RANGE = "() => document.querySelector('[data-panel=loss] .js-plotly-plot')._fullLayout.xaxis.range"


@pytest.fixture
def visit(open_page: Callable, lab: str) -> Callable:
    """`visit(query)`: a new visitor opens the lab."""

    def open_lab(query: str = ""):
        page = open_page(f"{lab}/{query}", viewport={"width": 1400, "height": 1000})
        page.wait_for_function("window.__dfa_live?.firstDraw")
        return page

    return open_lab


def press(page, name: str) -> None:
    page.locator("[data-testid^=stBottom]").first.get_by_role("button", name=re.compile(rf"^{name}\b")).click()


def wait_for_state(page, state: str) -> None:
    page.wait_for_function(f"({STATE})() === '{state}'")


# So that a training cannot end before somebody has set its speed, and at that speed each step is a point of the curves: with
# the angles of every tenth step, who looks for sixty points waits for the better part of a minute.
LONG = "?epochs=5000&measure_every=1"


def start_slowly(page) -> None:
    """Start one's own, of somebody who came by `LONG`, at a speed that lasts through the test. Its end should be `rest`: it
    would take processor time from the tests that follow."""
    before = page.url
    press(page, "Start")
    page.wait_for_function("before => location.href !== before && location.search.includes('experiment=')", arg=before)
    set_speed(page, "15/s")
    wait_for_state(page, "running")


def unfold(page, name: str) -> None:
    """Open a popover of the bar; a page that is drawn anew meanwhile would close lists in it. A press closes one that is
    still open: then it takes another."""
    page.wait_for_selector(IDLE)
    body = page.get_by_test_id("stPopoverBody")
    while True:
        press(page, name)
        with suppress(Late):
            return body.wait_for(timeout=5000)


def pause_the_demonstration(page) -> None:
    """In the middle of a showing: of one that has ended the copy begins anew, at step 0."""
    page.wait_for_function(f"({STEP})() > 3 && ({STEP})() < 900")
    press(page, "Pause")
    page.wait_for_function("location.search.includes('experiment=')")
    wait_for_state(page, "paused")


def rest(page) -> None:
    """Pause what is on screen at the end of a test. Who leaves at once is gone before the server has heard of the press."""
    press(page, "Pause")
    wait_for_state(page, "paused")


def set_speed(page, speed: str) -> None:
    unfold(page, "Adjust")
    page.locator("[data-testid=stSelectbox]", has_text="Speed").locator("input").click()
    page.get_by_role("option", name=speed, exact=True).click()
    page.keyboard.press("Escape")


def id_of(page) -> str:
    found = re.search(r"experiment=(\w+)", page.url)
    assert found
    return found[1]


NOTE_WHAT_IS_THERE = """
const buttons = () => [...document.querySelectorAll('[data-testid^=stBottom] button')].map((one) => one.textContent)
const real = window.setTimeout
// who has waited four seconds for the form gets plotly.js first; a busy machine is not to have waited so long
window.setTimeout = (call, ms, ...words) => real(call, ms === 4000 ? 100_000 : ms, ...words)
new MutationObserver(() => {
  if (!('formBeforePlotly' in window) && document.querySelector('script[src*="plotly.js"]')) {
    window.formBeforePlotly = buttons().some((text) => text.includes('Start'))
  }
}).observe(document, { childList: true, subtree: true })
"""


def test_the_form_is_there_before_plotly_keeps_the_browser_busy(open_page: Callable, lab: str) -> None:
    page = open_page(f"{lab}/lessons", viewport={"width": 1400, "height": 1000})  # a page that draws little
    with page.add_init_script(NOTE_WHAT_IS_THERE):
        for _ in range(2):  # parts of a page come in another order each time
            page.goto(lab)
            page.wait_for_function("'formBeforePlotly' in window")
            assert page.evaluate("window.formBeforePlotly")


def pictures_door_and_help(page) -> None:
    """The form's pictures are drawn, its door opens and is searched, and a help leads to all that is said of its setting."""
    drawn = "(all) => all.length >= 6 && all.every((one) => one.complete && one.naturalWidth > 0 && one.alt)"
    assert page.locator(".st-key-data_pictures img").evaluate_all(drawn)
    page.get_by_text("All settings").click()
    page.get_by_label("Search the settings").fill("nesterov")
    batches = page.locator(".st-key-setting_batch_size")
    batches.wait_for(state="detached")
    expect(page.get_by_label("Optimizer", exact=True)).to_have_value("root mean square propagation (rmsprop)")
    page.get_by_label("Search the settings").fill("")
    batches.wait_for()
    page.get_by_role("button", name="Help for Nonlinearity").hover()
    assert page.get_by_role("link", name="All about it").get_attribute("href") == "rules?about=settings#nonlin"
    page.mouse.move(0, 0)
    page.get_by_text("All settings").click()


def test_something_is_already_learning_on_first_paint(visit):
    page = visit()
    assert "demonstration" in page.locator(".dfa-status").inner_text().lower()
    before = page.evaluate(STEP)
    page.wait_for_function(f"({STEP})() !== {before} && ({POINTS})() > 0")  # a showing may begin anew meanwhile
    assert "experiment=" not in page.url
    pictures_door_and_help(page)
    # on a phone all buttons are one row, and the last of them can be reached
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('[data-testid=stBottom]').getBoundingClientRect().height < 110")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    projector = page.get_by_role("button", name="Projector")
    projector.scroll_into_view_if_needed()
    projector.click(trial=True)


def test_newcomers_share_the_demonstration_and_a_visitor_who_pauses_gets_a_copy(visit):
    one, other = visit(), visit()
    pause_the_demonstration(one)
    one.wait_for_function(f"({POINTS})() > 0")
    still = one.evaluate(STEP)
    before = other.evaluate(STEP)
    other.wait_for_function(f"({STEP})() > {before + 5} || ({STEP})() < {before}")
    assert one.evaluate(STEP) == still


def test_curves_grow_zoom_is_kept_and_the_chart_mounts_once(visit):
    page = visit(LONG)
    start_slowly(page)
    page.wait_for_function(f"({POINTS})() > 60")
    box = page.locator("[data-panel=loss] .nsewdrag").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=5)
    page.mouse.up()
    page.locator(".dfa-toggle").nth(1).click()  # hide fa
    wait_until_drawn(page)
    zoom, points, updates = page.evaluate(RANGE), page.evaluate(POINTS), page.evaluate(UPDATES)
    page.wait_for_function(f"({UPDATES})() >= {updates + 4}")
    assert page.evaluate(POINTS) > points
    assert page.evaluate(RANGE) == zoom
    assert page.locator(".dfa-toggle").nth(1).get_attribute("aria-pressed") == "false"
    assert page.evaluate("() => window.__dfa_live.mounts") == 1
    rest(page)


def test_pause_step_resume_reset(visit):
    page = visit(LONG)
    start_slowly(page)
    page.wait_for_function(f"({STEP})() > 5")
    press(page, "Pause")
    wait_for_state(page, "paused")
    at = settled(page, STEP)
    press(page, "Step")
    page.wait_for_function(f"({STEP})() === {at + 1}")
    page.locator(".dfa-status").click()
    page.keyboard.press("s")
    page.wait_for_function(f"({STEP})() === {at + 2}")
    assert settled(page, STEP) == at + 2
    page.keyboard.press("Space")
    page.wait_for_function(f"({STEP})() > {at + 4}")
    first = id_of(page)
    page.get_by_role("spinbutton", name="Hidden layers").press("r")  # whoever writes resets nothing
    assert id_of(page) == first
    page.locator(".dfa-status").click()
    page.keyboard.press("r")
    page.wait_for_function("first => !location.search.includes(first)", arg=first)
    wait_for_state(page, "paused")
    assert page.evaluate(STEP) == 0


def test_a_reload_and_another_tab_attach_to_the_same_experiment(visit):
    page = visit(LONG)
    start_slowly(page)
    mine = id_of(page)
    page.wait_for_function(f"({STEP})() > 20")
    at = page.evaluate(STEP)
    page.reload()
    page.wait_for_function("window.__dfa_live?.firstDraw")
    page.wait_for_function(f"({STEP})() >= {at}")
    assert id_of(page) == mine
    tab = visit(f"?experiment={mine}")
    tab.wait_for_function(f"({STEP})() >= {at} && ({POINTS})() > 60")
    press(tab, "Pause")
    wait_for_state(page, "paused")  # the same experiment


def find(page, id: str) -> None:
    """On the page Experiments: search it by its id, and open the only one that is found."""
    page.get_by_role("textbox", name="Search").fill(id)
    page.get_by_role("textbox", name="Search").press("Enter")
    page.get_by_role("button", name="Show all").wait_for()
    page.get_by_text("1 chosen").wait_for()
    page.locator(".st-key-runs_open_chosen button:not(:disabled)").first.click()  # Streamlit draws it twice, once to measure it


def test_an_experiment_goes_on_without_its_tab_and_is_found_from_the_lab_and_by_whoever_lands_on_the_list(
    visit, open_page, lab
):
    page = visit(LONG)
    start_slowly(page)
    mine, at = id_of(page), page.evaluate(STEP)
    page.close()
    later = open_page(f"{lab}/experiments", viewport={"width": 1400, "height": 1000})
    find(later, mine)
    later.wait_for_function("location.search.includes('experiment=') && window.__dfa_live?.firstDraw")
    assert later.locator("[data-testid=stException]").count() == 0
    assert later.get_by_text("This page could not be drawn").count() == 0
    later.wait_for_function(f"({STEP})() > {at + 5}")
    later.get_by_text("Runs", exact=True).click()
    later.get_by_role("menuitem", name="Experiments").click()
    find(later, mine)
    later.wait_for_function(f"location.search.includes('{mine}')")
    rest(later)


def test_the_learning_rate_changes_while_it_runs(visit):
    page = visit(LONG)
    start_slowly(page)
    mine = id_of(page)
    for text, refused in (("-1", True), ("0.01", False)):
        unfold(page, "Adjust")
        page.get_by_role("textbox", name="Learning rate now").fill(text)
        page.get_by_role("textbox", name="Learning rate now").press("Enter")
        page.keyboard.press("Escape")
        alert = page.get_by_text("learning_rate (--LR) is -1: give a number above 0 and at most 100.")
        alert.wait_for(state="visible" if refused else "hidden")
    before = page.evaluate(STEP)
    page.wait_for_function(f"({STEP})() > {before}")
    assert id_of(page) == mine
    page.reload()
    page.wait_for_function("window.__dfa_live?.firstDraw")
    unfold(page, "Adjust")
    expect(page.get_by_role("textbox", name="Learning rate now")).to_have_value("0.01")
    rest(page)


def test_a_hostile_link_gets_a_sentence_for_each_fault_and_disturbs_nothing(visit):
    addresses = {"nonlin": "https://evil.com www.evil.com", "criterion": "a@evil.com [x](http://e.com)"}
    markup = "<img src=x onerror=alert(1)>"
    faults = [("LR", "-1"), ("batchSize", "abc"), *addresses.items(), (markup, "1")]
    faults += [("num_layers", "3"), ("num_layers", "4"), ("experiment", "zzz")]
    page = visit(f"?{urlencode(faults)}")
    alert = page.locator("[data-testid=stAlert]").first
    shown = alert.inner_text().replace("\u2060", "")
    for name, text in addresses.items():
        assert f"{name} (--{name}) is '{text}': give one of" in shown
    assert alert.locator("a[href], img").count() == 0
    assert "learning_rate (--LR) is -1: give a number above 0 and at most 100." in shown
    assert "batch_size (--batchSize) is 'abc': give a whole number from 1 to 100000." in shown
    assert f"'{markup}' is not a setting" in shown
    assert "'num_layers' 2 times" in shown
    assert "experiment 'zzz' is not on this server" in shown
    before = page.evaluate(STEP)
    page.wait_for_function(f"({STEP})() > {before} || ({STEP})() < {before}")
    page.wait_for_selector(IDLE)
    assert page.get_by_role("spinbutton", name="Hidden layers").input_value() == "3"


def test_a_line_marks_the_chosen_step_and_moving_it_keeps_the_zoom(visit):
    page = visit()
    pause_the_demonstration(page)
    unfold(page, "Moment")
    page.evaluate(
        "() => Plotly.relayout(document.querySelector('[data-panel=loss] .js-plotly-plot'), {'xaxis.range': [0, 2.5]})"
    )
    knob = page.get_by_test_id("stPopoverBody").get_by_role("slider")
    knob.focus()
    knob.press("Home")
    page.wait_for_function("() => location.search.includes('at=0')")
    left = "() => document.querySelector('[data-panel=loss] .dfa-marker:not([hidden])')?.style.left"
    page.wait_for_function(left)
    before = page.evaluate(left)
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Step on").click()
    page.wait_for_function(f"before => ({left})() !== before", arg=before)
    assert "at=1" in page.url and page.evaluate(RANGE) == [0, 2.5]


def test_a_page_that_has_gone_blank_is_loaded_again(visit):
    """As Streamlit's script leaves it when it has fallen over: nothing of the page, and the address as it was."""
    page = visit(LONG)
    start_slowly(page)
    mine = id_of(page)
    page.evaluate("document.getElementById('root').replaceChildren()")
    page.wait_for_function("window.__dfa_live?.firstDraw && document.querySelector('[data-testid=stApp]')")
    page.wait_for_function(f"({STEP})() > 0")
    assert id_of(page) == mine
    rest(page)
