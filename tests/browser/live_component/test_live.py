"""The live component in a real browser: what a viewer has set survives everything that arrives."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

HARNESS = Path(__file__).with_name("harness.py")
LIVE = Path(__file__).parents[3] / "app" / "live"
TICKS = "() => window.__dfa_live.updates"
ALL_TRACES = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap(
    plot => plot.data.map(trace => ({panel: plot.closest('[data-panel]').dataset.panel, name: trace.name, x: [...trace.x], y: [...trace.y], fill: trace.fill})))"""
RANGES = "() => [...document.querySelectorAll('.js-plotly-plot')].map(plot => [plot._fullLayout.xaxis.range, plot._fullLayout.yaxis.range])"


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(HARNESS)


@pytest.fixture
def visit(browser, address: str) -> Iterator[Callable]:
    """`visit(query)` opens the harness and, where a chart is in sight, waits for it; errors in the console fail the test."""
    contexts, errors = [], []

    def open_page(query: str = "", *, width: int = 1400, height: int = 1300, scheme: str = "light"):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme))
        page = contexts[-1].new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}/?{query}")
        if height > 1000:
            wait_for_charts(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def wait_for_charts(page) -> None:
    page.wait_for_function("window.__dfa_live?.firstDraw", timeout=30_000)


def wait_for_ticks(page, ticks: int) -> None:
    wanted = page.evaluate(TICKS) + ticks
    page.wait_for_function(f"window.__dfa_live.updates >= {wanted}", timeout=30_000)


def wait_until_drawn(page) -> None:
    page.evaluate("() => new Promise(done => setTimeout(done, 300))")


def stats(page) -> dict:
    return page.evaluate("() => ({...window.__dfa_live})")


def choose(page, choice: str) -> None:
    page.locator(f"[data-choice='{choice}']").click()
    wait_until_drawn(page)


def smooth(page, weight: float) -> None:
    page.locator(".dfa-smoothing input").fill(str(weight))
    wait_until_drawn(page)


def drag_zoom(page, panel: str = "loss") -> None:
    box = page.locator(f"[data-panel={panel}] .nsewdrag").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.7, steps=6)
    page.mouse.up()
    wait_until_drawn(page)


def test_curves_grow_in_charts_that_are_mounted_once(visit) -> None:
    page = visit()
    before = {(trace["panel"], trace["name"]): len(trace["x"]) for trace in page.evaluate(ALL_TRACES) if not trace["fill"]}
    wait_for_ticks(page, 6)
    page.get_by_role("button", name="Rerun").click()
    wait_for_ticks(page, 2)
    wait_until_drawn(page)
    after = {(trace["panel"], trace["name"]): trace for trace in page.evaluate(ALL_TRACES) if not trace["fill"]}
    assert before
    assert all(len(after[place]["x"]) > length for place, length in before.items() if "test" not in place[1])
    assert all(trace["x"] == sorted(set(trace["x"])) for trace in after.values())
    assert (stats(page)["mounts"], stats(page)["unmounts"], stats(page)["plots"]) == (1, 0, 4)


def test_zoom_survives_updates_and_reruns_and_fit_undoes_it(visit) -> None:
    page = visit("points=60")
    free = page.evaluate(RANGES)
    drag_zoom(page)
    zoomed = page.evaluate(RANGES)
    assert zoomed[0] != free[0]
    assert [x for x, _ in zoomed] == [zoomed[0][0]] * 4  # all panels show the same stretch
    wait_for_ticks(page, 10)
    page.get_by_role("button", name="Rerun").click()
    wait_for_ticks(page, 2)
    wait_until_drawn(page)
    still = page.evaluate(RANGES)
    assert still[0] == zoomed[0]
    assert [x for x, _ in still] == [x for x, _ in zoomed]
    page.locator("[data-panel=loss] .nsewdrag").dblclick()
    wait_until_drawn(page)
    assert page.evaluate(RANGES)[0][0][0] == 0
    drag_zoom(page, "error")
    page.get_by_role("button", name="Fit").click()
    wait_until_drawn(page)
    assert page.evaluate(RANGES)[1][0][1] > zoomed[0][0][1]


def test_hidden_rule_and_smoothing_stay(visit) -> None:
    page = visit("points=40")
    tile = page.locator(".dfa-tile", has_text="dfa")
    tile.click()
    smooth(page, 0.8)
    wait_for_ticks(page, 4)
    wait_until_drawn(page)
    traces = page.evaluate(ALL_TRACES)
    assert tile.get_attribute("aria-pressed") == "false"
    assert {trace["name"] for trace in traces if trace["panel"] == "loss" and trace["name"]} == {
        "bp · train", "bp · test", "fa · train", "fa · test",
    }  # fmt: skip
    assert sum(trace["panel"] == "loss" for trace in traces) == 8  # each line and its ghost
    assert page.locator(".dfa-smoothing input").input_value() == "0.8"


def test_choices_survive_a_reload(visit) -> None:
    page = visit("points=40")
    page.locator(".dfa-tile", has_text="bp").click()
    smooth(page, 0.6)
    for choice in ("x:epoch", "log:true", "accuracy:true", "angle:gradient"):
        choose(page, choice)
    page.reload()
    wait_for_charts(page)
    wait_until_drawn(page)
    assert page.locator(".dfa-tile", has_text="bp").get_attribute("aria-pressed") == "false"
    assert page.locator(".dfa-smoothing input").input_value() == "0.6"
    pressed = page.locator("[data-choice][aria-pressed=true]").evaluate_all("all => all.map(one => one.dataset.choice)")
    assert pressed == ["x:epoch", "accuracy:true", "angle:gradient", "log:true"]
    loss = page.evaluate("() => document.querySelector('[data-panel=loss] .js-plotly-plot').layout")
    assert (loss["yaxis"]["type"], loss["xaxis"]["title"]["text"]) == ("log", "epoch")
    assert page.locator("figcaption span").all_inner_texts()[-4:] == [
        "Whole network · weight gradient", "Layer 1 · weight gradient", "Layer 2 · weight gradient", "Readout · weight gradient",
    ]  # fmt: skip


def test_lost_deltas_are_asked_for_again(visit) -> None:
    page = visit()
    page.get_by_role("button", name="Lose deltas").click()
    page.wait_for_function("window.__dfa_live.resyncs === 1", timeout=15_000)
    page.wait_for_function("window.__dfa_live.points > 31 * 36", timeout=15_000)
    wait_for_ticks(page, 3)
    wait_until_drawn(page)
    assert stats(page)["resyncs"] == 1
    train = next(trace for trace in page.evaluate(ALL_TRACES) if trace["name"] == "bp · train")
    assert train["x"] == list(range(0, 20 * len(train["x"]), 20))  # nothing missing, nothing twice


def test_another_experiment_clears_the_data_and_keeps_the_choices(visit) -> None:
    page = visit("points=60")
    page.locator(".dfa-tile", has_text="fa").last.click()
    smooth(page, 0.5)
    drag_zoom(page)
    many = stats(page)["points"]
    page.get_by_role("button", name="Next experiment").click()
    page.wait_for_function(f"window.__dfa_live.points < {many // 2}", timeout=15_000)
    wait_for_ticks(page, 3)
    wait_until_drawn(page)
    assert page.evaluate(RANGES)[0][0][1] < 60 * 20
    assert page.locator(".dfa-tile", has_text="dfa").get_attribute("aria-pressed") == "false"
    assert page.locator(".dfa-smoothing input").input_value() == "0.5"
    assert (stats(page)["mounts"], stats(page)["plots"]) == (1, 4)


def test_pointing_at_one_panel_marks_the_place_in_all(visit) -> None:
    page = visit("points=60&still=1")
    box = page.locator("[data-panel=loss] .nsewdrag").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 60)
    page.mouse.move(box["x"] + 120, box["y"] + 60)
    wait_until_drawn(page)
    lines = page.locator(".dfa-cursor:visible").evaluate_all("all => all.map(one => Math.round(parseFloat(one.style.left)))")
    assert len(lines) == 4
    assert len(set(lines)) == 1
    assert page.locator(".hoverlayer .legend, .hoverlayer .hovertext").count() >= 4


def test_narrow_page_fits_and_draws_only_what_is_on_screen(visit) -> None:
    page = visit("points=60&still=1&layers=12", width=390, height=700)
    page.locator("[data-panel=loss]").scroll_into_view_if_needed(timeout=20_000)
    wait_for_charts(page)
    wait_until_drawn(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("() => [...document.querySelectorAll('.dfa-live *')].every(node => node.getBoundingClientRect().right <= innerWidth + 1)")
    assert stats(page)["plots"] < 6
    page.locator("[data-panel='angle:12']").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector(\"[data-panel='angle:12'] .js-plotly-plot\")", timeout=10_000)


def test_dark_and_light_switch_without_a_new_chart(visit) -> None:
    page = visit("points=60")
    drag_zoom(page)
    zoomed = page.evaluate(RANGES)[0]
    colour = "() => document.querySelector('.js-plotly-plot').layout.font.color"
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"({colour})() !== '{light}'", timeout=10_000)
    assert page.evaluate(RANGES)[0] == zoomed
    assert (stats(page)["mounts"], stats(page)["unmounts"], stats(page)["plots"]) == (1, 0, 4)


def test_failure_is_said_aloud_and_panels_describe_themselves(visit) -> None:
    page = visit("points=60&still=1&state=failed")
    assert "NaN" in page.get_by_role("alert").inner_text()
    assert page.locator(".dfa-state").inner_text() == "Failed"
    wait_until_drawn(page)
    sentence = page.locator("[data-panel=error] [role=img]").get_attribute("aria-label")
    assert sentence.startswith("Error, newest values: train bp ")
    assert "test bp " in sentence


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("smoothed([1, 1, null, 1], 0.9).map(v => v === null ? v : Number(v.toFixed(6)))", [1, 1, None, 1]),
        ("smoothed([0, 4], 0.5).map(v => Number(v.toFixed(4)))", [0, 2.6667]),
        ("extremesPerBucket([1, 9, 0, 5, null, null, 2, 2], 0, 8, 2)", [1, 2, 6]),
        ("worthDrawing([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [2, 3], 100)", [1, 2, 3, 4]),
        ("(() => { const y = Array.from({length: 50000}, (_, i) => i === 31234 ? 7 : 0); "
         "const kept = worthDrawing(y.map((_, i) => i), y, [0, 50000], 800); return [kept.length <= 801, kept.includes(31234)] })()",
         [True, True]),
        ("(() => { const s = new RecordStore(); const add = (from, n) => s.append({from, run: Array(n).fill(0), metric: Array(n).fill('m'), "
         "layer: Array(n).fill(null), step: Array.from({length: n}, (_, i) => from + i), epoch: Array(n).fill(0), seconds: Array(n).fill(0), "
         "value: Array(n).fill(1)}, []); return [add(0, 4), add(2, 4), add(0, 3), add(9, 1), s.have, s.get(0, 'm', null).step] })()",
         [4, 2, 0, -1, 6, [0, 1, 2, 3, 4, 5]]),
        ("(() => { const s = new RecordStore(); const n = 30000; s.append({from: 0, run: Array(n).fill(0), metric: Array(n).fill(0), "
         "layer: Array(n).fill(null), step: Array.from({length: n}, (_, i) => i), epoch: Array(n).fill(0), seconds: Array(n).fill(0), "
         "value: Array.from({length: n}, (_, i) => Math.sin(i))}, ['m']); return [s.have, s.get(0, 'm').step.length <= 8000] })()",
         [30000, True]),
    ],
)  # fmt: skip
def test_arithmetic_of_series(browser, expression: str, expected: list) -> None:
    page = browser.new_page()
    page.add_script_tag(content=(LIVE / "records.js").read_text())
    assert page.evaluate(f"() => {expression}") == expected
    page.close()
