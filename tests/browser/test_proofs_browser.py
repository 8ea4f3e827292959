"""The page "Is it really DFA?" in a real browser: readable on a phone, and a training that can be stopped."""

from collections.abc import Callable


def test_the_settings_of_the_form_are_examined_on_a_phone(open_page: Callable, lab: str):
    page = open_page(f"{lab}/?num_hidden=300&epoch=1000&gradient=bp,dfa", color_scheme="dark")
    page.wait_for_function("window.__dfa_live?.firstDraw")
    page.get_by_text("Proof and rules").click()
    page.get_by_role("menuitem", name="Is it really DFA?").click()
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("heading", name="4. Does it beat").wait_for()
    page.get_by_text("mlp 2×300").wait_for()
    page.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 4")
    assert page.get_by_text("passes").count() >= 5
    assert page.locator(".overview").evaluate("(one) => one.scrollWidth <= one.clientWidth")

    page.get_by_text("60 s", exact=True).click()
    page.get_by_role("button", name="Train and compare").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("heading", name="5. Has its signal").wait_for()
    page.get_by_text("steps of the settings").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
