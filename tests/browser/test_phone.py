"""On a phone: pages by name and in sight, before the form for the keyboard, and nothing of a closed form in its way."""

from collections.abc import Callable

import pytest

from app.shell.pages import PAGES

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
MENU = ".st-key-page_menu"
FORM = "[data-testid=stExpandSidebarButton]"
# The words of the head's links and buttons from left to right, and whether all are whole and none lies over another.
HEAD = f"""() => {{
  const box = (one) => one.getBoundingClientRect()
  const all = [...document.querySelectorAll("{MENU} a, {MENU} button, {FORM}")].filter((one) => one.checkVisibility())
  all.sort((one, other) => box(one).left - box(other).left)
  const inside = all.every((one) => box(one).left >= 0 && box(one).right <= innerWidth && box(one).top >= 0)
  const apart = all.every((one, i) => !i || box(one).left >= box(all[i - 1]).right)
  const words = all.map((one) => one.ariaLabel ?? [...one.querySelectorAll("p")].map((p) => p.textContent).join(""))
  return {{ words, inside, apart }}
}}"""


def arrived(page) -> None:
    """The head is drawn, and the page at rest."""
    page.wait_for_function(f"({HEAD})().words.length >= 3")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def head(page, *words: str) -> None:
    """The head has these words, each in its place."""
    page.wait_for_function(f"words => String(({HEAD})().words) === words", arg=",".join(words))
    seen = page.evaluate(HEAD)
    assert seen["inside"] and seen["apart"]


@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 568)])
def test_every_page_has_its_name_one_or_two_touches_away(open_page: Callable, lab: str, width: int, height: int) -> None:
    page = open_page(lab, viewport={"width": width, "height": height})
    arrived(page)
    head(page, "Lab", "Lessons", "All pages", "Settings")
    page.get_by_role("button", name="All pages").click()
    names = page.get_by_role("dialog", name="All pages")
    names.wait_for()
    for one in PAGES:
        link = names.get_by_role("link", name=one.title, exact=True)
        link.scroll_into_view_if_needed()
        assert link.is_visible()
    lowest = names.get_by_role("link").last.bounding_box()
    assert lowest and (height < 600 or lowest["y"] + lowest["height"] <= height)
    names.get_by_role("link", name="Is it really DFA?").click()
    page.get_by_role("heading", level=1, name="Is it really DFA?").wait_for()
    names.wait_for(state="detached")
    arrived(page)
    head(page, "Lab", "Lessons", "All pages")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Lessons").click()
    page.wait_for_url(f"{lab}/lessons*")


def test_the_form_is_opened_and_closed_by_buttons_with_words(open_page: Callable, lab: str) -> None:
    page = open_page(lab, viewport=PHONE)
    arrived(page)
    page.get_by_role("button", name="Settings", exact=True).click()
    field = page.get_by_label("Hidden layers", exact=True)
    field.wait_for()
    assert page.locator("[data-testid=stSidebarNav]").is_hidden()  # the form begins at once
    page.get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Settings", exact=True).wait_for()


def test_the_keyboard_meets_the_pages_first_and_nothing_of_a_closed_form(open_page: Callable, lab: str) -> None:
    page = open_page(lab, viewport=PHONE)
    arrived(page)
    met = []
    while not met or "All pages" not in met[-1]:
        page.keyboard.press("Tab")
        met.append(page.evaluate("document.activeElement.closest('a, button')?.innerText ?? ''"))
        assert not page.evaluate("document.activeElement.closest('[data-testid=stSidebar]') !== null") and len(met) < 12, met
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="All pages").wait_for()
    for title in [one.title for one in PAGES[:3]]:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText").endswith(title)
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name=PAGES[2].title).wait_for()


def test_a_frame_in_another_page_has_no_menu(open_page: Callable, lab: str) -> None:
    page = open_page(f"{lab}/?embed=true", viewport=PHONE)
    page.locator(".st-key-transport button:visible").first.wait_for()  # Streamlit keeps a wider one beside it
    assert page.locator(MENU).count() == 0
