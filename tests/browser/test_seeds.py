"""Several seeds in the Lab: their mean and band, each of them on demand, and figures that say when they were measured."""

import re
from statistics import fmean, stdev

import pytest

from tests.browser.test_lab import press, visit, wait_for_state  # noqa: F401

LINES = """() => (document.querySelector('[data-panel=error] .js-plotly-plot')?.data ?? []).map((trace) =>
  ({ name: trace.name ?? '', band: trace.fill === 'toself', x: [...trace.x], y: [...trace.y] }))"""
CHANCE = """() => {
  const layout = document.querySelector('[data-panel="angle:1"] .js-plotly-plot')?.layout
  return layout?.shapes?.[0]?.y1 === undefined ? null : [layout.shapes[0].y1 - 90, layout.annotations[0].text]
}"""
TILES = "() => [...document.querySelectorAll('.dfa-tile')].map((tile) => tile.innerText)"


def test_several_seeds_are_a_mean_and_a_band_and_each_on_demand(visit) -> None:  # noqa: F811
    page = visit("?rules=bp,dfa&seeds=0,1,2&epochs=10")
    press(page, "Start")
    page.wait_for_function("location.search.includes('experiment=')")
    wait_for_state(page, "finished")
    page.wait_for_function(f"({LINES})().length === 8")  # of two rules a mean and a band, tested and trained
    page.wait_for_function(f"({LINES})().every(line => line.band || line.x.at(-1) === 230)")  # the end comes before its records
    drawn = page.evaluate(LINES)
    mean = next(line for line in drawn if line["name"] == "dfa · mean of 3 seeds · test")
    tile = page.evaluate(TILES)[1]
    of_mean, said = page.evaluate(CHANCE)
    assert page.locator(".dfa-toolbar").evaluate("(one) => one.clientHeight") < 40  # still one row
    page.get_by_role("button", name="Each seed").click()
    page.wait_for_function(f"({LINES})().filter(line => !line.band).length === 12")
    page.wait_for_function(f"said => ({CHANCE})()[1] !== said", arg=said)  # each chart is drawn anew in its own turn
    of_each, said_of_each = page.evaluate(CHANCE)
    assert "mean of 3 seeds of 128" in said and "mean of 128" in said_of_each
    assert 0.6 * of_each < of_mean * 3**0.5 <= of_each, "the widest of three, and what their mean keeps within"
    each = [line for line in page.evaluate(LINES) if re.fullmatch(r"dfa · seed \d · test", line["name"])]
    assert len(each) == 3 and all(line["x"] == mean["x"] for line in each)
    values = list(zip(*(line["y"] for line in each), strict=True))
    assert mean["y"] == pytest.approx([fmean(three) for three in values], rel=1e-4)
    band = next(line for line in drawn if line["band"] and line["x"][: len(mean["x"])] == mean["x"])
    assert any(
        line["y"][: len(values)] == pytest.approx([min(100, fmean(three) + stdev(three)) for three in values], abs=1e-3)
        for line in drawn
        if line["band"] and len(line["y"]) == len(band["y"])
    )
    assert f"± {stdev(values[-1]):.2f}"[:5] in tile and "3 seeds" in tile
    assert mean["x"][0] == 0 and 0 < mean["x"][1] < 23, "tested within the first epoch"
    assert "charts=each%3Atrue" in page.url or "charts=each:true" in page.url


def test_a_figure_that_is_older_than_the_curves_says_its_step(visit) -> None:  # noqa: F811
    page = visit("?rules=bp&epochs=2000&dataset=digits")
    press(page, "Start")
    page.wait_for_function("location.search.includes('experiment=')")
    page.wait_for_function(f"/test error, step [\\d,]+/.test(({TILES})()[0])")
    page.wait_for_function(f"/signal angle, step [\\d,]+/.test(({TILES})()[0])")
    press(page, "Reset")
