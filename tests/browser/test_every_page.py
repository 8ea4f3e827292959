"""What holds for every page: nothing it asks for is missing, its console stays empty (`open_page` fails for both), and axe-core
finds nothing that keeps people from using it, in either theme; all its texts stand out from what is behind them."""

from collections.abc import Callable, Sequence
from functools import cache

import pytest
from axe_playwright_python.sync_playwright import Axe

from app.shell.pages import PAGES, Page
from app.shell.sub_pages import HERE, html
from tests.browser.conftest import MAIN, wait_until_drawn
from tests.browser.contrast import CONTRASTS, LEAST

# Below a path of its host all sub-pages are told alike where the lab is, so one of them stands for the others there.
VISITS = [("", page) for page in PAGES] + [("/class/lab", page) for page in PAGES[:2]]


@pytest.fixture(scope="module")
def below_a_path(serve: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """The address of a lab below this path of its host, which is started once."""
    return cache(lambda base: serve(MAIN, base=base, environment={"DFA_LAB_RUNS": str(tmp_path_factory.mktemp("runs"))}))


def in_the_way(page, within: str | None = None, only: Sequence[str] = ()) -> list[tuple[str, str, object]]:
    """What axe-core finds on a page: the rule that is broken, in words, and where. `within`: the selector of what has been
    opened since the page behind it was looked at; `only`: rules, where not all of them are asked for."""
    assert page.locator("h1").count(), "a page has a title, drawn or only read aloud"
    rules = {"runOnly": [*only]} if only else {}
    found = Axe().run(page, within, options={"resultTypes": ["violations"], **rules}).response["violations"]
    return [(one["id"], one["help"], node["target"]) for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("base", "page"), VISITS, ids=lambda one: getattr(one, "name", one))
def test_every_answer_is_good_and_the_console_stays_empty(
    base: str, page: Page, lab: str, below_a_path: Callable[[str], str], open_page: Callable
) -> None:
    address = below_a_path(base) if base else lab
    opened = open_page(f"{address}/{page.path}", policed=True)
    opened.locator("[data-testid=stMainBlockContainer] [data-testid=stElementContainer]").first.wait_for(state="attached")
    if page.default:
        opened.wait_for_selector(".dfa-status[data-state=running]")
        opened.get_by_role("button", name="Export").wait_for()  # the last of the page
        assert HERE in opened.request.get(f"{address}/nowhere/").text()  # where no page is, the browser finds its way too
    wait_until_drawn(opened)
    for scheme in () if base else ("light", "dark"):
        if scheme == "dark":  # in which nothing is different but the colours
            opened.emulate_media(color_scheme=scheme)
            wait_until_drawn(opened)
        assert in_the_way(opened, only=["color-contrast"] if scheme == "dark" else []) == []
        contrasts = opened.evaluate(CONTRASTS)
        assert len(contrasts) > (40 if page.default else 3)
        assert [(round(ratio, 2), text) for ratio, text in contrasts if ratio < LEAST] == []
    for link in opened.locator("[data-testid=stPageLink-NavLink]:visible", has_text="Lab").all():
        link.hover()
        assert str(link.evaluate("(one) => one.href")).split("?")[0] in (f"{address}/", f"{address}/lessons")
    if not page.default:  # and the lab is where it was for those who go on from there
        way = opened.get_by_role("link", name="Lab", exact=True).first
        assert str(way.evaluate("(one) => one.href")).split("?")[0] == f"{address}/"
        if page is PAGES[1]:  # the head of all of them
            way.click()
            opened.locator(".st-key-transport").wait_for()
            assert opened.url.split("?")[0] == f"{address}/"


def test_streamlit_still_has_the_head_that_this_is_put_into() -> None:
    assert html().count(HERE) == 1 and html().index(HERE) < html().index("<script type=")


def test_a_link_leads_past_the_form_to_the_pages_by_keyboard(lab: str, open_page: Callable) -> None:
    page = open_page(lab)
    page.locator(".dfa-skip-to-pages").wait_for(state="attached")
    page.locator("[data-testid=stTopNavLink]").first.wait_for()
    for key in ("Tab", "Tab", "Enter"):  # Streamlit's own link comes first
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.closest('header') !== null")
