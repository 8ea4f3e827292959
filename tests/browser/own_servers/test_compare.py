"""The page Compare in a real Chromium: what is pointed at is found everywhere, and what a viewer has set stays."""

from contextlib import closing
from pathlib import Path

from dfa_lab.records import Record
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.parsing import parse

MAIN = Path(__file__).parents[3] / "app" / "main.py"
RULES = ["bp", "fa", "dfa"]
SETTINGS = {"rules": RULES, "seeds": "0,1"}
# For each panel: whether every line of the group stands out, and no other does.
FOUND = """group => [...document.querySelectorAll('.dfa-compare [data-panel]')].map(panel => {
  const traces = [...panel.querySelectorAll('.scatterlayer > .trace')]
  const own = traces.filter(node => node.matches(`[class*=traceg${group}-]`))
  return own.length > 0 && own.every(node => !node.matches('.dfa-dim')) && own.some(node => node.matches('.dfa-strong'))
      && traces.every(node => own.includes(node) || node.matches('.dfa-dim'))
})"""
ROWS = "() => [...document.querySelectorAll('.dfa-lines tbody tr')].map(row => row.matches('.dfa-strong'))"
ALL_ROWS_ALIKE = "() => !document.querySelector('.dfa-compare .dfa-strong, .dfa-compare .dfa-dim')"
# Where a point of the group's line is on the screen.
POINT = """([panel, group]) => {
  const plot = document.querySelector(`[data-panel="${panel}"] .js-plotly-plot`)
  const trace = plot.data.find(trace => trace.name && trace.meta.group === group)
  const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect(), i = Math.floor(trace.x.length / 2)
  return [box.x + xaxis._offset + xaxis.l2p(trace.x[i]), box.y + yaxis._offset + yaxis.l2p(trace.y[i])]
}"""
SEEN = """() => [...document.querySelectorAll('.dfa-compare .js-plotly-plot')].map(plot => ({
  zoom: plot._fullLayout.xaxis.range, names: plot.data.filter(trace => trace.name).map(trace => trace.name),
  points: plot.data.find(trace => trace.name).x.length}))"""


def record(store: Store, id: str, first: int, last: int) -> None:
    """As three rules with two seeds each train: lines that lie apart."""
    runs = parse(SETTINGS).runs()
    records = [
        Record(run, metric, None, 0.1 + 0.2 * RULES.index(rule) + 0.01 * seed, step, step / 9, step, step / 99)
        for step in range(first, last)
        for run, (rule, seed) in enumerate(runs)
        for metric in ("test_error", "train_loss")
    ]
    store.add_records(id, records)
    assert store.flush()


def test_lines_are_found_both_ways_and_zoom_and_hidden_lines_survive_updates(serve, open_page, tmp_path):
    with closing(Store(tmp_path)) as store:  # of another server, which trains
        store.create("e", parse(SETTINGS))
        store.set_state("e", "running")
        record(store, "e", 0, 40)
        address = serve(MAIN, environment={"DFA_LAB_RUNS": str(tmp_path)})
        page = open_page(f"{address}/compare?compare=e", viewport={"width": 1400, "height": 1300})
        page.wait_for_function("window.__dfa_compare?.firstDraw && window.__dfa_compare.idle")

        page.locator(".dfa-lines tbody tr").nth(2).hover()  # from the table to the lines
        page.wait_for_function(f"({FOUND})(2).every(Boolean)")
        assert page.evaluate(FOUND, 2) == [True, True] and page.evaluate(FOUND, 0) == [False, False]
        page.mouse.move(5, 5)
        page.wait_for_function(ALL_ROWS_ALIKE)

        page.mouse.move(*page.evaluate(POINT, ["train_loss", 1]))  # from a line to the table and the other panel
        page.wait_for_function(f"({FOUND})(1).every(Boolean)")
        assert page.evaluate(ROWS) == [False, True, False]
        page.mouse.move(5, 5)
        page.wait_for_function(ALL_ROWS_ALIKE)

        page.get_by_role("button", name="fa", exact=True).click()
        box = page.locator("[data-panel=test_error] .nsewdrag").bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5, steps=5)
        page.mouse.up()
        page.wait_for_function(f"({SEEN})().every(seen => seen.zoom[0] > 5 && !seen.names.includes('fa'))")
        before = page.evaluate(SEEN)
        record(store, "e", 40, 60)
        page.wait_for_function(f"({SEEN})().every(seen => seen.points === 60)")
        after = page.evaluate(SEEN)
        assert [seen["zoom"] for seen in after] == [seen["zoom"] for seen in before] == [before[0]["zoom"]] * 2
        assert [seen["names"] for seen in after] == [["bp", "dfa"]] * 2
        assert page.evaluate("[window.__dfa_compare.mounts, window.__dfa_compare.plots]") == [1, 2]
