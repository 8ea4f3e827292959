"""Words that are explained: by mouse, keyboard and finger, to who sees them and to who hears them."""

from collections.abc import Callable
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TIP = ".dfa-tip:popover-open"
# Where the explanation is, and the word: {left, top, right, bottom} each, and whether they overlap.
BOXES = """() => {
  const [tip, word] = [".dfa-tip:popover-open", "[data-word]:has(+ .dfa-tip)"].map((one) =>
    document.querySelector(one).getBoundingClientRect())
  const apart = tip.right <= word.left || word.right <= tip.left || tip.bottom <= word.top || word.bottom <= tip.top
  return { apart, inside: tip.left >= 0 && tip.top >= 0 && tip.right <= innerWidth && tip.bottom <= innerHeight }
}"""
SAID = "(word) => document.getElementById(word.getAttribute('aria-describedby')).textContent"


def start(open_page: Callable, address: str, **media):
    page = open_page(address, **media)
    page.locator("[data-panel='angle:1'] .dfa-plain").wait_for(state="attached")
    return page


def word(page, name: str, within: str = ".dfa-live"):
    return page.locator(f"{within} [data-word={name}]").first


def test_a_word_is_explained_when_it_is_pointed_at(open_page: Callable, lab: str) -> None:
    page = start(open_page, lab, viewport={"width": 1440, "height": 900})
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for name, within, says in [
            ("bce", ".dfa-title", "binary cross-entropy"),
            ("rmsprop", ".dfa-title", "divided by the usual size"),
            ("test_error", ".dfa-tile", "never trained on them"),
            ("dfa", "[data-rule=dfa] .dfa-way", "straight to every layer"),
            ("signal_angle", "[data-panel='angle:1']", "90° is no better than chance"),
            ("probe", ".dfa-captions", "Training samples"),
        ]:
            word(page, name, within).hover()
            page.locator(TIP, has_text=says).wait_for()
            assert page.evaluate(BOXES) == {"apart": True, "inside": True}, (scheme, name)
            page.locator(TIP).hover()  # it stays while it is pointed at
            assert page.locator(TIP).count() == 1
            page.mouse.move(5, 5)
            page.wait_for_selector(TIP, state="detached")
    assert page.locator(".dfa-tile[data-shown=false]").count() == 0


def test_an_angle_says_in_plain_words_what_it_is_and_which_one(open_page: Callable, lab: str) -> None:
    page = start(open_page, lab, viewport={"width": 1440, "height": 900})
    panel = page.locator("[data-panel='angle:1'] figcaption")
    assert panel.locator(".dfa-symbol").inner_text() == "∠(δ̂, δ)"
    assert panel.locator(".dfa-plain").inner_text() == "how far from backprop's direction (90° = no better than chance)"
    page.get_by_label("What is drawn layer by layer").select_option("update")
    page.locator("[data-panel='angle:1'] .dfa-symbol", has_text="∠(ΔW, −∂L/∂W)").wait_for()
    assert "Update angle: ∠(step just made by the optimiser" in page.locator(".dfa-captions").inner_text()


def test_words_are_reached_by_keyboard_once_each_and_read_aloud(open_page: Callable, lab: str) -> None:
    page = start(open_page, lab, viewport={"width": 1440, "height": 900})
    bce = word(page, "bce", ".dfa-title")
    word(page, "mlp", ".dfa-title").focus()
    stops = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("() => document.activeElement.dataset.word ?? ''"))
        if stops[-1] == "probe":
            break
    named = [name for name in stops if name]
    assert {"bce", "rmsprop", "test_error", "signal_angle", "bp", "fa", "dfa", "loss", "probe"} <= set(named)
    assert len(named) == len(set(named)), "a word is a stop once"
    bce.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.locator(TIP, has_text="binary cross-entropy").wait_for()
    assert bce.evaluate(SAID).startswith("bce: binary cross-entropy. The loss here")
    page.keyboard.press("Escape")
    page.wait_for_selector(TIP, state="detached")
    assert bce.evaluate("(word) => word === document.activeElement")
    state = page.locator(".dfa-status").get_attribute("data-state")
    page.keyboard.press("Space")  # opens it, and does not pause
    page.locator(TIP).wait_for()
    assert page.locator(".dfa-status").get_attribute("data-state") == state
    page.keyboard.press("Escape")
    dfa = word(page, "dfa", ".dfa-way")
    dfa.focus()  # which opens it, by keyboard
    page.locator(TIP, has_text="straight to every layer").wait_for()
    page.keyboard.press("Tab")  # from the word into its explanation
    link = page.locator(f"{TIP} a")
    assert link.evaluate("(one) => one === document.activeElement")
    assert link.get_attribute("href").endswith("/lessons?lesson=what-is-dfa")
    assert page.request.get(link.get_attribute("href")).ok
    page.keyboard.press("Escape")
    assert dfa.evaluate("(word) => word === document.activeElement")


def test_a_tap_explains_and_hides_no_rule(open_page: Callable, lab: str) -> None:
    page = start(open_page, lab, viewport={"width": 390, "height": 844})
    tap = "(word) => word.dispatchEvent(new PointerEvent('pointerenter', {pointerType: 'touch'})) && word.click()"
    error = word(page, "test_error", ".dfa-tile")
    error.evaluate(tap)
    page.locator(TIP, has_text="never trained on them").wait_for()
    assert page.evaluate(BOXES) == {"apart": True, "inside": True}
    error.evaluate(tap)
    page.wait_for_selector(TIP, state="detached")
    error.evaluate(tap)
    page.locator(TIP).wait_for()
    page.locator(".dfa-state").click()  # elsewhere
    page.wait_for_selector(TIP, state="detached")
    assert page.locator(".dfa-tile[data-shown=false]").count() == 0
    assert "no better than chance" in page.locator(".dfa-captions").inner_text()  # there is no room for it beside the symbol
    page.locator(".dfa-toggle").first.click()
    page.locator(".dfa-tile[data-shown=false]").wait_for()


@pytest.mark.parametrize("path", ["path", "compare", "angles"])
def test_the_other_pictures_explain_their_words_too(open_page: Callable, lab: str, path: str) -> None:
    page = open_page(f"{lab}/{path}", viewport={"width": 1440, "height": 900})
    dfa = page.locator(".dfa-path [data-word=dfa], .dfa-lines [data-word=dfa], .dfa-live [data-word=signal_angle]").first
    dfa.hover()
    page.locator(TIP).wait_for()
    assert page.evaluate(BOXES) == {"apart": True, "inside": True}
    assert page.locator(f"{TIP} strong").evaluate("(one) => getComputedStyle(one).fontSize") == "15px"  # not its neighbour's
    widths = "(words) => words.map((one) => one.getBoundingClientRect().width / one.textContent.length)"
    assert max(page.locator(".dfa-word:visible").evaluate_all(widths)) < 14, "no wider than their letters"
    narrow = "(one) => (one.parentElement.style.width = 'min-content', one.getBoundingClientRect().height)"
    if path == "path":
        assert dfa.evaluate(narrow) > 2 * 15, "words of a form go to the next line"
    if path == "angles":
        page.set_viewport_size({"width": 1024, "height": 768})
        wide = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).length"
        assert page.locator(".dfa-toggle").evaluate_all(wide) == 0, "no name lies over a figure"


def test_an_open_explanation_keeps_nobody_out(open_page: Callable, lab: str) -> None:
    page = start(open_page, lab, viewport={"width": 1440, "height": 900})
    word(page, "bce", ".dfa-title").click()
    page.locator(TIP).wait_for()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], node["target"]) for one in found for node in one["nodes"]] == []


def test_on_a_projector_words_cost_the_picture_nothing(open_page: Callable, lab: str) -> None:
    page = start(open_page, f"{lab}/?projector=true", viewport={"width": 1920, "height": 1080})
    assert not page.locator("[data-panel='angle:1'] .dfa-plain").is_visible()
    word(page, "signal_angle", ".dfa-tile").hover()
    page.locator(TIP).wait_for()
    assert page.locator(f"{TIP} p").evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)") >= 20
