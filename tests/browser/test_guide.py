"""The guided first visit: five steps beside what moves, which cover none of it and come once."""

from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import settled, wait_until_drawn

pytestmark = pytest.mark.browser

CARD = ".dfa-guide-card:popover-open"
SHOW = ".dfa-around-show"
VISITS: list[tuple[int, int, Literal["light", "dark"]]] = [
    (390, 844, "light"),
    (390, 844, "dark"),
    (1440, 900, "light"),
    (1024, 768, "dark"),
    (960, 540, "light"),
]
STEPS = ["path", "angle", "images", "error", "alignment"]
AT = "() => document.querySelector('.dfa-guide-card:popover-open')?.dataset.step ?? ''"
KEPT = "() => localStorage.getItem('dfa-lab-guide')"
# Of the ring, which is drawn around what is pointed at, and the card: whether they are apart and in sight, and what is within
# the ring: {apart, inside, holds}
BOXES = """() => {
  const [card, ring] = ["card", "ring"].map((one) => document.querySelector(`.dfa-guide-${one}`).getBoundingClientRect())
  const within = (one) => one.left >= 0 && one.top >= 0 && one.right <= innerWidth + 1 && one.bottom <= innerHeight
  const apart = card.right <= ring.left || ring.right <= card.left || card.bottom <= ring.top || ring.bottom <= card.top
  const target = { path: ".back", angle: "text.angle", images: ".dfa-answers", figure: ".dfa-figure",
    error: ".dfa-panel[data-panel=error] .dfa-frame", alignment: ".dfa-panel[data-panel='angle:1'] .dfa-frame" }
  const { step } = document.querySelector(".dfa-guide-card").dataset
  const held = [...document.querySelectorAll(`.dfa-card[data-rule=dfa] ${target[step]}, .dfa-grid ${target[step]}`)]
    .map((one) => one.getBoundingClientRect())
    .filter((one) => one.left >= ring.left - 1 && one.right <= ring.right + 1)
    .filter((one) => one.top >= ring.top - 1 && one.bottom <= ring.bottom + 1)
  return { apart, inside: within(card) && card.width > 200, holds: held.length > 0 }
}"""
GOOD = f"""() => Object.values(({BOXES})()).join() === "true,true,true" """
PLACES = """() => ["card", "ring"].map((one) => {
  const { left, top } = document.querySelector(`.dfa-guide-${one}`).getBoundingClientRect()
  return [Math.round(left), Math.round(top)]
}).join()"""


def arrive(open_page: Callable, address: str, width: int = 1440, height: int = 900, **media):
    page = open_page(address, viewport={"width": width, "height": height}, newcomer=True, **media)
    page.locator(SHOW).wait_for()
    return page


def at(page, step: str) -> None:
    page.wait_for_function(f"({AT})() === '{step}'")
    settled(page, PLACES, 3)


def test_five_steps_point_at_what_moves_and_cover_none_of_it(open_page: Callable, lab: str) -> None:
    page = arrive(open_page, lab, *VISITS[0][:2])
    for width, height, scheme in VISITS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        if (width, height, scheme) != VISITS[0]:
            page.locator(SHOW).click()
        for number, step in enumerate(STEPS, start=1):
            narrow = step == "images" and page.locator("[data-rule=dfa] .dfa-answers").is_hidden()  # no room for them
            at(page, "figure" if narrow else step)
            assert page.locator(".dfa-guide-count").inner_text() == f"{number} of 5"
            page.wait_for_function(GOOD)
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
            assert page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollLeft") == 0
            buttons = page.locator(f"{CARD} button:visible")
            assert min(box["height"] for box in (one.bounding_box() for one in buttons.all())) >= 36  # for a finger
            page.locator(f"{CARD} .next").click()
        page.wait_for_selector(CARD, state="detached")
        assert page.evaluate(KEPT) == "seen"


def test_it_follows_what_it_points_to(open_page: Callable, lab: str) -> None:
    page = arrive(open_page, lab)
    at(page, "path")
    before = page.evaluate(PLACES)
    for width, height in [(1366, 768), (768, 1024), (390, 844)]:
        page.set_viewport_size({"width": width, "height": height})
        page.locator(f"{CARD} .next").click()
        page.locator(f"{CARD} .back").click()
        at(page, "path")
        page.wait_for_function(GOOD)
    assert page.evaluate(PLACES) != before
    page.set_viewport_size({"width": 1440, "height": 900})
    settled(page, PLACES)
    top = "() => document.querySelector('.dfa-guide-ring').getBoundingClientRect().top"
    before = page.evaluate(top)
    page.evaluate("() => document.querySelector('[data-testid=stMain]').scrollBy(0, 60)")
    page.wait_for_function(f"({top})() < {before} - 40")
    page.wait_for_function(GOOD)


def test_by_keyboard_it_is_read_walked_through_and_skipped(open_page: Callable, lab: str) -> None:
    page = arrive(open_page, lab, reduced_motion="reduce")
    at(page, "path")
    card = page.locator(CARD)
    assert card.evaluate("(one) => one === document.activeElement")
    told = page.locator(f"#{card.get_attribute('aria-describedby')}")
    assert "The error comes back" in told.inner_text() and told.get_attribute("aria-live") == "polite"
    assert page.locator(".dfa-guide-ring").evaluate("(one) => getComputedStyle(one).animationName") == "none"
    focused = "() => document.activeElement.className"
    order = []
    for _ in range(2):
        page.keyboard.press("Tab")
        order.append(page.evaluate(focused))
    assert order == ["skip", "next"]
    page.keyboard.press("Space")  # for the button, and not to pause
    at(page, "angle")
    page.keyboard.press("Enter")
    at(page, "images")
    # Who pauses the demonstration, which may have ended by now, gets a copy, and its address.
    assert page.locator(".dfa-status").get_attribute("data-state") != "paused" and "experiment=" not in page.url
    page.keyboard.press("Escape")
    page.wait_for_selector(CARD, state="detached")
    assert page.evaluate(focused) == SHOW[1:], "where it can be had again"
    page.keyboard.press("Enter")
    at(page, "path")


def test_what_was_finished_or_skipped_does_not_come_back(open_page: Callable, lab: str) -> None:
    page = arrive(open_page, lab)
    at(page, "path")
    for ends in ("skip", "next"):
        for _ in STEPS if ends == "next" else [0]:
            page.locator(f"{CARD} .{ends}").click()
        page.wait_for_selector(CARD, state="detached")
        assert page.evaluate(KEPT) == "seen"
        page.reload()
        page.locator(SHOW).wait_for()
        wait_until_drawn(page)
        assert page.evaluate(AT) == ""
        page.get_by_role("button", name="Show me around").click()
        at(page, "path")
        page.evaluate("() => localStorage.removeItem('dfa-lab-guide')")  # whoever ends it another way is as new as before
    page.get_by_role("link", name="Lessons").first.click()
    page.wait_for_url("**/lessons**")
    page.wait_for_selector(".dfa-guide-card", state="detached")


def test_a_link_of_ones_own_is_offered_it_once_and_in_no_ones_way(open_page: Callable, lab: str) -> None:
    page = arrive(open_page, f"{lab}/?dataset=moons&num_layers=1")
    page.locator(".dfa-offers").wait_for()
    assert page.evaluate(AT) == ""
    assert page.locator(".dfa-around-new").inner_text() == "New here?"
    page.get_by_role("button", name="No, thanks").click()
    page.wait_for_selector(".dfa-offers", state="detached")
    assert page.evaluate(KEPT) == "seen"
    page.reload()
    page.locator(SHOW).wait_for()
    wait_until_drawn(page)
    assert page.locator(".dfa-offers").count() == 0 and page.evaluate(AT) == ""


def test_a_link_a_projector_and_a_frame_keep_it_away(open_page: Callable, lab: str) -> None:
    page = arrive(open_page, f"{lab}/?guide=false")
    page.wait_for_function("window.__dfa_live?.firstDraw")
    wait_until_drawn(page)
    assert page.evaluate(AT) == "" and page.locator(".dfa-offers").count() == 0
    page.get_by_role("link", name="Lessons").first.click()
    page.wait_for_url("**/lessons**")
    page.get_by_role("link", name="Lab", exact=True).first.click()
    page.locator(SHOW).wait_for()
    wait_until_drawn(page)
    assert page.evaluate(AT) == ""
    for said in ("projector=true", "embed=true"):
        page.goto(f"{lab}/?{said}")
        page.wait_for_function("window.__dfa_live?.firstDraw")
        wait_until_drawn(page)
        assert page.locator(f".dfa-guide-card, {SHOW}").count() == 0, said
        assert page.evaluate(KEPT) is None, "as new as before"


def test_it_stands_back_from_what_the_visitor_opens_and_breaks_no_page(open_page: Callable, lab: str) -> None:
    page = arrive(open_page, lab)
    at(page, "path")
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], node["target"]) for one in found for node in one["nodes"]] == []
    page.get_by_role("button", name="Share").click()
    page.wait_for_function("getComputedStyle(document.querySelector('.dfa-guide-card')).visibility === 'hidden'")
    # What the popover holds comes with a run of the page, which opens again what was closed before it had come.
    page.locator("[data-testid=stPopoverBody]").get_by_text("These settings", exact=True).first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.keyboard.press("Escape")  # is for what is in front
    page.wait_for_function("getComputedStyle(document.querySelector('.dfa-guide-card')).visibility === 'visible'")
    assert page.evaluate(AT) == "path"


def test_it_keeps_to_what_the_pages_policy_allows(open_page: Callable, lab: str) -> None:
    page = arrive(open_page, lab, policed=True)
    for step in STEPS:
        page.locator(f"{CARD}[data-step={step}]").wait_for()
        page.locator(f"{CARD} .next").click()
    page.wait_for_selector(CARD, state="detached")
