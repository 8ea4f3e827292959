"""axe-core finds nothing on a phone, on any page, before and after what can be opened there has been opened."""

from collections.abc import Callable

import pytest

from app.shell.pages import PAGES
from tests.browser.conftest import wait_until_drawn
from tests.browser.test_every_page import in_the_way
from tests.browser.test_phone import PHONE, arrived

pytestmark = pytest.mark.browser

STEP = "lessons?lesson=deep&step=1"
VISITS = [*((page.path, page.name) for page in PAGES), (STEP, "step"), (f"{STEP}&answer=1&run=recorded1", "answered")]
CLOSED = "[data-testid=stMainBlockContainer] [data-testid=stExpander] [aria-expanded=false]"


@pytest.mark.parametrize("path", [path for path, _ in VISITS], ids=[name for _, name in VISITS])
def test_a_phone_has_no_barrier_whatever_is_open(open_page: Callable, lab: str, path: str) -> None:
    page = open_page(f"{lab}/{path}", viewport=PHONE)
    arrived(page)
    page.get_by_role("button", name="Share").wait_for()
    while (closed := page.locator(CLOSED)).count():
        closed.first.click()
        wait_until_drawn(page)
    wait_until_drawn(page)
    assert in_the_way(page) == []
    if not path:
        page.get_by_role("button", name="Settings", exact=True).click()
        page.get_by_role("button", name="Close", exact=True).wait_for()
        wait_until_drawn(page)
        assert in_the_way(page, "[data-testid=stSidebar]") == []
        page.get_by_role("button", name="Close", exact=True).click()
    for name, seen in (("Share", "Frame of"), ("All pages", "Proof and rules")):
        page.get_by_role("button", name=name).click()
        page.get_by_role("dialog").get_by_text(seen).first.wait_for()
        arrived(page)
        wait_until_drawn(page)
        assert in_the_way(page, "[role=dialog]") == []
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")


def test_a_phone_shows_the_drawing_at_once_and_a_slider_as_wide_as_itself(open_page: Callable, lab: str) -> None:
    page = open_page(f"{lab}/path", viewport=PHONE)
    page.locator(".dfa-path-drawing").first.wait_for()
    drawing = page.locator(".dfa-path-drawing").first.bounding_box()
    assert drawing and drawing["y"] + 0.5 * drawing["height"] < PHONE["height"]
    slider = page.locator(".st-key-scrubber [data-testid=stSlider]")
    slider.wait_for()
    arrived(page)
    box = slider.bounding_box()
    assert box and box["width"] >= 0.85 * PHONE["width"]
    share = page.get_by_role("button", name="Share")
    share.click()
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    share.evaluate("(one) => one.click()")  # as the run does that comes late, and no visitor
    page.wait_for_function("(one) => one.ariaExpanded === 'false'", arg=share.element_handle())
    for one in page.locator(".st-key-scrubber button:visible").all():
        button = one.bounding_box()
        assert button and button["x"] >= 0 and button["x"] + button["width"] <= PHONE["width"]
