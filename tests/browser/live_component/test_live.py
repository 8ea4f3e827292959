"""The live component in a real browser: what a viewer has set survives everything that arrives."""

from collections.abc import Callable
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from app.charts.plotly_script import parsed_once
from tests.browser.conftest import wait_until_drawn

HARNESS = Path(__file__).with_name("harness.py")
APP = Path(__file__).parents[3] / "app"
TICKS = "() => window.__dfa_live.updates"
ALL_TRACES = """() => [...document.querySelectorAll('[data-panel]')].flatMap(panel =>
    (panel.querySelector('.js-plotly-plot')?.data ?? []).map(({name, x, y, fill}) =>
        ({panel: panel.dataset.panel, name, fill, x: [...x], y: [...y]})))"""
RANGES = """() => [...document.querySelectorAll('.js-plotly-plot')].map(
    ({_fullLayout}) => [_fullLayout.xaxis.range, _fullLayout.yaxis.range])"""


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(HARNESS)


@pytest.fixture
def visit(open_page: Callable, address: str) -> Callable:
    """`visit(query)` opens the harness and, where a chart is in sight, waits for it."""

    def open_harness(query: str = "", *, width: int = 1400, height: int = 1300):
        page = open_page(f"{address}/?{query}", viewport={"width": width, "height": height}, color_scheme="light")
        if height > 1000:
            wait_for_charts(page)
        return page

    return open_harness


def wait_for_charts(page) -> None:
    page.wait_for_function("window.__dfa_live?.firstDraw")


def wait_for_ticks(page, ticks: int) -> None:
    wanted = page.evaluate(TICKS) + ticks
    page.wait_for_function(f"window.__dfa_live.updates >= {wanted}")


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
    tile = page.locator(".dfa-toggle", has_text="dfa")
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


def test_the_band_of_chance_is_the_widest_of_the_runs_that_are_shown(visit) -> None:
    page = visit("points=40&still=1")
    page.locator(".dfa-tile", has_text="fa").first.wait_for()
    looked = """() => { const {shapes, annotations} = document.querySelector('[data-panel="angle:1"] .js-plotly-plot').layout
        return [shapes[0].y0, shapes[0].y1, annotations[0].text] }"""
    assert page.evaluate(looked) == [90 - 4.25, 90 + 4.25, "90° ± 4.3° = random B, mean of 128"]
    page.locator(".dfa-toggle", has=page.get_by_text("fa", exact=True)).click()
    wait_until_drawn(page)
    assert page.evaluate(looked) == [90 - 3.75, 90 + 3.75, "90° ± 3.8° = random B, mean of 128"]


def test_a_tile_names_the_step_of_a_figure_that_is_older_than_the_curve(visit) -> None:
    """Tests come every fifth time: with 38 points the last was at point 35, step 700 of 740, where angles were measured."""
    page = visit("points=38&still=1")
    tile = page.locator(".dfa-tile", has_text="dfa")
    assert tile.locator(".dfa-figure-name").all_inner_texts() == ["test error, step 700", "signal angle"]
    lines = """tile => Array.from({length: 60}, (_, n) => {
        tile.style.width = `${160 + 5 * n}px`
        return tile.querySelector(".dfa-figure-step").getClientRects().length
    })"""
    assert set(tile.evaluate(lines)) == {1}, "a line break between the word and its number"


def test_choices_survive_a_reload_and_travel_in_the_link(visit) -> None:
    page = visit("points=40&still=1")
    page.locator(".dfa-toggle", has_text="bp").click()
    smooth(page, 0.6)
    for choice in ("x:epoch", "log:true", "accuracy:true"):
        choose(page, choice)
    page.get_by_label("What is drawn layer by layer").select_option("gradient")
    page.reload()
    wait_for_charts(page)
    wait_until_drawn(page)
    assert page.locator(".dfa-toggle", has_text="bp").get_attribute("aria-pressed") == "false"
    assert page.locator(".dfa-smoothing input").input_value() == "0.6"
    pressed = page.locator("[data-choice][aria-pressed=true]").evaluate_all("all => all.map(one => one.dataset.choice)")
    assert pressed == ["x:epoch", "accuracy:true", "log:true", "each:false"]
    assert page.get_by_label("What is drawn layer by layer").input_value() == "gradient"
    loss = page.evaluate("() => document.querySelector('[data-panel=loss] .js-plotly-plot').layout")
    assert (loss["yaxis"]["type"], loss["xaxis"]["title"]["text"]) == ("log", "epoch")
    assert page.locator("[data-panel^='angle:'] figcaption span").all_inner_texts() == [
        f"{place} · weight gradient" for place in ("Whole network", "Layer 1", "Layer 2", "Readout")
    ]
    nonsense = "x:evil,zoom:9~1,log:perhaps,smoothing:9,hidden:<b>,constructor:1"
    other = visit(f"{page.url.partition('?')[2]},{nonsense},zoom:2~7")  # of somebody who has chosen nothing
    wait_until_drawn(other)
    chosen = other.locator("[data-choice][aria-pressed=true]")
    assert chosen.evaluate_all("all => all.map(one => one.dataset.choice)") == pressed
    assert other.locator(".dfa-toggle", has_text="bp").get_attribute("aria-pressed") == "false"
    assert other.locator(".dfa-smoothing input").input_value() == "0.6"
    assert other.evaluate("() => document.querySelector('[data-panel=loss] .js-plotly-plot')._fullLayout.xaxis.range") == [2, 7]
    other.locator(".dfa-fit").click()
    assert "zoom" not in other.url and "charts=" in other.url


def test_what_could_not_be_asked_for_comes_later(visit) -> None:
    page = visit()
    page.route("**/live/**", lambda route: route.fulfill(body="cut sho"))
    with page.expect_response("**/live/**"):
        pass
    page.get_by_role("button", name="Grow").click()
    page.unroute("**/live/**")
    page.wait_for_function("window.__dfa_live.points > 31 * 36")
    wait_for_ticks(page, 3)
    wait_until_drawn(page)
    train = next(trace for trace in page.evaluate(ALL_TRACES) if trace["name"] == "bp · train")
    assert train["x"] == list(range(0, 20 * len(train["x"]), 20))  # nothing missing, nothing twice


def test_the_page_around_it_is_drawn_anew_when_the_answers_say_so(visit) -> None:
    page = visit("points=20")
    page.get_by_role("button", name="Fail behind its back").click()
    page.get_by_text("drawn as failed").wait_for()
    assert stats(page)["stale"] == 1
    assert "NaN" in page.get_by_role("alert").inner_text()


def test_another_experiment_clears_the_data_and_keeps_the_choices(visit) -> None:
    page = visit("points=60")
    page.locator(".dfa-toggle", has_text="fa").last.click()
    smooth(page, 0.5)
    drag_zoom(page)
    many = stats(page)["points"]
    page.get_by_role("button", name="Next experiment").click()
    page.wait_for_function(f"window.__dfa_live.points < {many // 2}")
    wait_for_ticks(page, 3)
    wait_until_drawn(page)
    assert page.evaluate(RANGES)[0][0][1] < 60 * 20
    assert page.locator(".dfa-toggle", has_text="dfa").get_attribute("aria-pressed") == "false"
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
    page.locator("[data-panel=loss]").scroll_into_view_if_needed()
    wait_for_charts(page)
    wait_until_drawn(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    beside = "*:not(.dfa-card, .dfa-card *)"  # the networks are pushed sideways in their own row
    rights = f"() => [...document.querySelectorAll('.dfa-live {beside}')].map(node => node.getBoundingClientRect().right)"
    assert max(page.evaluate(rights)) <= 391
    assert stats(page)["plots"] < 6
    page.locator("[data-panel='angle:12']").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector(\"[data-panel='angle:12'] .js-plotly-plot\")")


def test_dark_and_light_switch_without_a_new_chart(visit) -> None:
    page = visit("points=60&still=1")
    drag_zoom(page)
    zoomed = page.evaluate(RANGES)[0]
    colour = "() => document.querySelector('.js-plotly-plot').layout.font.color"
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"({colour})() !== '{light}'")
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


# Run with what a module that imports nothing exports.
WITH_MODULE = """async ([module, code]) => {
  const address = URL.createObjectURL(new Blob([module], {type: 'text/javascript'}))
  const {default: _, ...found} = await import(address)
  return Function(...Object.keys(found), code)(...Object.values(found))
}"""
HELPERS = """
const count = n => Array.from({length: n}, (_, i) => i)
const rounded = values => values.map(value => value === null ? null : Number(value.toFixed(2)))
const columns = (from, values) => ({from, run: values.map(() => 0), metric: values.map(() => 0), layer: values.map(() => null),
    step: values.map((_, i) => from + i), epoch: values.map(() => 0), seconds: values.map(() => 0), value: values})
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return rounded(smoothed([1, 1, null, 1], 0.9, [0, 1, 2, 3], 1))", [1, 1, None, 1]),
        ("return rounded(smoothed([0, 4], 0.5, [0, 1], 1))", [0, 2.67]),
        ("return rounded(smoothed([0, 4], 0.5, [0, 5], 1))", [0, 3.94]),  # further apart: smoothed less
        ("return extremesPerBucket([1, 9, 0, 5, null, null, 2, 2], 0, 8, 2)", [1, 2, 6]),
        ("return worthDrawing(count(6), count(6), [2, 3], 100)", [1, 2, 3, 4]),
        (
            "const spike = count(50000).map(i => i === 31234 ? 7 : 0)\n"
            "const kept = worthDrawing(count(50000), spike, [0, 50000], 800)\n"
            "return [kept.length <= 801, kept.includes(31234)]",
            [True, True],
        ),
        (
            "const store = new RecordStore(), add = (from, n) => store.append(columns(from, count(n)), ['m'])\n"
            "return [add(0, 4), add(2, 4), add(0, 3), store.have, store.get(0, 'm', null).step]",
            [4, 2, 0, 6, [0, 1, 2, 3, 4, 5]],
        ),
        (
            "const store = new RecordStore(); store.append(columns(0, count(30000).map(Math.sin)), ['m'])\n"
            "return [store.have, store.get(0, 'm', null).step.length <= 8000]",
            [30000, True],
        ),
    ],
)
def test_arithmetic_of_series(page, code: str, expected: list) -> None:
    arguments = [(APP / "live" / "records.js").read_text(encoding="utf-8"), f"{HELPERS}; {code}"]
    assert page.evaluate(WITH_MODULE, arguments) == expected


@pytest.mark.parametrize("base", ["http://lab.test/", "https://host.test/class/lab/"])
def test_a_lab_below_a_path_of_its_host_is_asked_there(page, base: str) -> None:
    page.route(
        "**/*", lambda route: route.fulfill(content_type="text/html", body='<script src="./static/js/index.js"></script>')
    )
    page.goto(f"{base}angles")
    stub = (APP / "charts" / "stub.js").read_text(encoding="utf-8")
    assert page.evaluate(WITH_MODULE, [stub, "return labAddress()"]) == base
    page.close()  # from a tab that was at another host the browser asks nothing of this machine


def test_charts_are_drawn_below_a_path_of_the_host_and_inside_another_page(serve: Callable[..., str], page) -> None:
    address = serve(HARNESS, base="/class/lab")
    page.set_viewport_size({"width": 1400, "height": 1300})
    page.set_content(f'<iframe src="{address}/?points=20&embed=true" width="1390" height="1200"></iframe>')
    (frame,) = page.main_frame.child_frames
    frame.wait_for_function("window.__dfa_live?.firstDraw")
    wanted = frame.evaluate(TICKS) + 3
    frame.wait_for_function(f"window.__dfa_live.updates >= {wanted}")  # it asks there, too


@pytest.mark.parametrize("missing", ["**/live/view.js", "**/charts/dom.js", "**/live/live.css"])
def test_code_that_does_not_come_is_said_in_a_sentence(page, address: str, missing: str) -> None:
    page.route(missing, lambda route: route.abort())
    page.goto(f"{address}/?still=1")
    said = page.get_by_role("alert")
    said.wait_for()
    assert said.inner_text() == (
        "This picture cannot be drawn: its code did not come from the server. Reload the page to try again."
    )
    page.unroute(missing)
    page.reload()
    wait_for_charts(page)
    assert said.count() == 0


def test_plotly_is_wrapped_to_be_parsed_once_and_strangers_are_left_alone() -> None:
    script = get_plotlyjs()
    assert len(parsed_once(script)) == len(script.rstrip()) + 2
    assert parsed_once("var x = 1") == "var x = 1"


def test_axes_are_drawn_only_with_something_on_them(visit) -> None:
    hidden = "() => [...document.querySelectorAll('.dfa-plot')].map(plot => getComputedStyle(plot).visibility)"
    page = visit("points=20&still")
    for tile in page.locator(".dfa-toggle").all():
        tile.click()
    page.get_by_text("All rules are hidden").first.wait_for()
    wait_until_drawn(page)
    assert page.evaluate(hidden) == ["hidden"] * 4
    page.locator(".dfa-toggle").first.click()
    wait_until_drawn(page)
    assert page.evaluate(hidden) == ["visible"] * 4

    page = visit("points=0&still&state=loading", height=900)
    bar = page.get_by_role("progressbar", name="Loading")
    bar.wait_for()
    assert bar.get_attribute("aria-valuenow") is None
    assert page.locator(".js-plotly-plot").count() == 0
