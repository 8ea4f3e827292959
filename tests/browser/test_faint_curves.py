"""In the browser, a changed setting begins anew in place, and the curves before it stay behind the new ones, faint."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_lab import press, visit, wait_for_state  # noqa: F401

pytestmark = pytest.mark.browser
FAINT = """() => [...document.querySelectorAll('.dfa-plot.js-plotly-plot')]
  .map((plot) => plot.data.filter((trace) => trace.uid.startsWith('before-')).length)"""


def test_curves_before_a_change_stay_faint_until_they_are_put_away(visit) -> None:  # noqa: F811
    page = visit("?dataset=gaussians&epochs=5&num_hidden=8")
    press(page, "Start")
    page.wait_for_function("location.search.includes('experiment=')")
    wait_for_state(page, "finished")
    page.wait_for_function("() => __dfa_live.drawn && __dfa_live.idle")
    mounts, first = page.evaluate("() => [__dfa_live.mounts, __dfa_live.drawn]")
    rate = page.locator(".st-key-setting_learning_rate input")
    rate.fill("0.03")
    rate.press("Enter")
    page.wait_for_function("(first) => __dfa_live.drawn !== first && __dfa_live.idle", arg=first)
    assert page.evaluate("() => __dfa_live.mounts") == mounts  # in place
    note = page.locator(".dfa-before")
    expect(note).to_contain_text("learning rate 0.001")
    assert all(count >= 3 for count in page.evaluate(FAINT)[:2])  # a line of each rule at least
    expect(page.locator(".dfa-status")).to_have_attribute("data-state", "finished")
    ends = page.evaluate("() => document.querySelector('.dfa-plot.js-plotly-plot').layout.xaxis.range[1]")
    assert ends == page.evaluate("() => Math.max(...document.querySelector('.dfa-plot.js-plotly-plot').data.flatMap(t => t.x))")
    note.get_by_role("button").click()
    expect(note).to_be_hidden()
    page.wait_for_function(f"() => ({FAINT})().every((count) => count === 0)")
