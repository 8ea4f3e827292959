"""The report: everything is in it, nothing is fetched, and no text of a setting becomes part of the page."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from app import report
from app.report import words
from app.report.panels import MEASURED, MOST_LAYERS, Panel, chosen, mean_and_spread, panels
from dfa_lab.feedback import rule_class
from dfa_lab.records import DRAWN
from dfa_lab.settings.experiment import RULES
from dfa_lab.settings.parsing import parse
from dfa_lab.train.results import Results
from dfa_lab.train.trainer import Trainer

HOSTILE = """</script><script>alert(1)</script><img src=x onerror=alert(2)> "quotes' & $x^2$ .py"""


class Elements(HTMLParser):
    """What a browser would make of the page: its elements, with their attributes, and its text outside of scripts."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._within = ""
        self.scripts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._within = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "script":
            self.scripts[-1] += data
        elif self._within != "style":
            self.text += data


def trained(**settings: object) -> dict[str, Any]:
    """The summary of a short training, as it comes from a file."""
    given = {"num_hidden": 6, "epochs": 2, "batch_size": 512, "device": "cpu", **settings}
    trainer = Trainer(parse(given))
    results = Results(trainer.experiment, trainer.device)
    for records in trainer:
        results.add(records)
    return json.loads(json.dumps(results.summary()))


@pytest.fixture(scope="module")
def summary() -> dict[str, Any]:
    return trained(rules=",".join(RULES), seeds="0,1", num_layers=2)


@pytest.fixture(scope="module")
def page(summary: dict[str, Any]) -> Elements:
    return Elements(report.html(summary))


def panel(summary: dict[str, Any], title: str) -> Panel:
    return next(panel for panel in panels(summary) if panel.title == title)


def test_every_rule_is_there_in_its_colour(page: Elements) -> None:
    figures = json.loads(page.scripts[0])
    for name in RULES:
        rule = rule_class(name)
        drawn = [trace for figure in figures for trace in figure["data"] if trace["line"]["color"] == rule.colour]
        assert drawn and all(trace["name"].split(" · ")[0] == name for trace in drawn)
        assert rule.title in page.text and rule.source in page.text
        assert any(rule.colour in (attributes.get("style") or "") for _, attributes in page.found)


def test_nothing_is_fetched(page: Elements, summary: dict[str, Any]) -> None:
    for tag, attributes in page.found:
        assert tag not in ("link", "iframe", "object", "img", "base")
        assert not {"src", "href", "srcset", "action", "data"} & set(attributes)
    assert any("default-src 'none'" in (attributes.get("content") or "") for _, attributes in page.found)
    style = re.search("<style>(.*?)</style>", report.html(summary), re.S)
    assert style and "url(" not in style[1] and "@import" not in style[1]
    assert len(page.scripts) == 3 and sum("plotly.js v" in script for script in page.scripts) == 1


def test_the_curves_are_the_figures_of_the_summary(summary: dict[str, Any]) -> None:
    error = panel(summary, "Error")
    own = [run for run in summary["runs"] if run["rule"] == "dfa"]
    for run in own:
        (curve,) = [c for c in error.curves if (c.rule, c.seed, c.training) == ("dfa", run["seed"], False)]
        assert curve.y == tuple(100 * row["test_error"] for row in run["epochs"]) and curve.x == (1, 2) and not curve.bold
    (mean,) = [c for c in error.curves if (c.rule, c.seed, c.training) == ("dfa", None, False)]
    assert mean.bold and mean.last == pytest.approx(100 * sum(run["test_error"] for run in own) / 2)
    assert [c.seed for c in error.curves if c.rule == "dfa" and c.training] == [None]
    angles = panel(summary, "Signal angle, layer 2")
    assert not [c for c in angles.curves if c.rule == "shallow"]  # it has none
    (curve,) = [c for c in angles.curves if (c.rule, c.seed) == ("fa", 1)]
    run = next(run for run in summary["runs"] if (run["rule"], run["seed"]) == ("fa", 1))
    assert list(curve.y) == [angle for angle in run["angles"]["signal"]["2"] if angle is not None]


def test_a_curve_has_points_where_it_was_measured_and_a_table_says_when() -> None:
    summary = trained(rules="dfa", epochs=12, batch_size=64)
    (curve,) = panel(summary, "Signal angle, layer 1").curves
    run = summary["runs"][0]
    measured = [step for step in run["measured_at"]["signal"] if step is not None]
    assert curve.x == tuple(step / 23 for step in measured) and len(measured) < 8 and measured[0] == 8
    assert None not in curve.y
    _, ((_, cells),) = words.figures(summary)
    assert "step" not in " ".join(cells)  # the end is always measured
    run["measured_at"] = {name: steps[:11] for name, steps in run["measured_at"].items()}
    run["angles"] = {name: {layer: values[:11] for layer, values in of.items()} for name, of in run["angles"].items()}
    names, ((_, cells),) = words.figures(summary)
    assert dict(zip(names, cells, strict=True))["angle 1"].endswith(f"° (step {measured[-2]})")
    run["tested_at"] = 253
    _, ((_, cells),) = words.figures(summary)
    assert cells[1].endswith(" % (step 253)") and words.each_run(summary)[0][1][1] == cells[1]


def test_each_figure_has_its_words_and_angles_their_line(page: Elements, summary: dict[str, Any]) -> None:
    drawn = panels(summary)
    assert [p.title for p in drawn] == [
        "Error",
        "Loss",
        "Signal angle, layer 1",
        "Signal angle, layer 2",
        "Weight gradient, whole network",
        "Update, whole network",
    ]
    words = [attributes["aria-label"] or "" for _, attributes in page.found if attributes.get("role") == "img"]
    assert len(words) == len(drawn)
    for one, text, figure in zip(drawn, words, json.loads(page.scripts[0]), strict=True):
        assert text.startswith(f"{one.title} by epoch. At the end: ") and "bp" in text
        lines = figure["layout"].get("shapes", [])
        assert [line["y0"] for line in lines] == ([90] if one.angles else [])
    assert "90°" in page.text and "the signal the rule delivers at block l against the true gradient" in page.text


def test_settings_figures_and_origin(page: Elements, summary: dict[str, Any]) -> None:
    other, usual = words.settings(summary)
    assert ("Hidden layers", "2", "2") in usual and ("Units per layer", "6", "100") in other
    assert ("Your own points", "90 points of 3 classes", "90 points of 3 classes") in usual
    assert ("Seeds", "0, 1", "0") in other and ("Biases", "yes", "yes") in usual
    text = " ".join(page.text.split())
    assert summary["versions"]["torch"] in text and summary["device"]["title"] in text
    assert words.repeat(summary) in text and "--num_hidden 6" in text
    names, rows = words.figures(summary)
    errors = [100 * run["test_error"] for run in summary["runs"] if run["rule"] == "bp"]
    mean, spread = mean_and_spread(errors)
    assert dict(rows)["bp"][names.index("test error")] == f"{mean:.2f} ± {spread:.2f} %"
    assert dict(rows)["shallow"][names.index("angle 1")] == "–"


def test_a_loss_that_diverges_has_few_digits(summary: dict[str, Any]) -> None:
    """The rest are noise, and a line of zeros."""
    runs = [{**run, "test_loss": 15594921099642652.0} for run in summary["runs"]]
    names, rows = words.figures({**summary, "runs": runs})
    assert {figures[names.index("test loss")] for _, figures in rows} == {"1.56e+16 ± 0.000"}


def test_everything_that_is_measured_is_in_a_table(page: Elements, summary: dict[str, Any]) -> None:
    names, rows = words.measured(summary)
    assert names == list(MEASURED)
    found = {rule: dict(zip(names, cells, strict=True)) for rule, cells in rows}
    assert found["bp"]["Weight gradient"] == "0° · 0° · all 0°" and found["bp"]["Feedback–weight"] == "–"
    assert found["bp"]["Signal size ratio"] == "1 · 1" and found["shallow"]["Signal size ratio"] == "0 · 0"
    own = [run["measures"]["effective_rank"] for run in summary["runs"] if run["rule"] == "dfa"]
    assert found["dfa"]["Effective rank"] == " · ".join(f"{sum(one[l][-1] for one in own) / 2:.0f}" for l in ("1", "2"))
    assert found["dfa"]["Update"] in page.text and found["dfa"]["Effective rank"] in page.text
    old = {**summary, "runs": [{k: v for k, v in run.items() if k != "measures"} for run in summary["runs"]]}
    angles = [one["name"] for one in DRAWN.values() if one["unit"] == "degrees" and one["metric"] != "signal_angle"]
    assert words.measured(old)[0] == angles and angles[:3] == ["Weight gradient", "Update", "Feedback–weight"]
    assert Elements(report.html(old)).text


def test_the_command_does_not_take_the_name_again() -> None:
    assert "--save" not in words.repeat(trained(rules="bp", epochs=1, save="a"))


def test_hostile_texts_stay_texts(summary: dict[str, Any]) -> None:
    settings = {**summary["settings"], "datapath": HOSTILE, "network": HOSTILE, "load": HOSTILE, "models_folder": HOSTILE}
    harmed = {**summary, "settings": settings, "failed": f"It failed: {HOSTILE}"}
    harmed["device"] = {"name": HOSTILE, "title": HOSTILE}
    harmed["versions"] = {**summary["versions"], HOSTILE: HOSTILE}
    page = Elements(report.html(harmed))
    assert len(page.scripts) == 3 and not any("alert(" in script for script in (page.scripts[0], page.scripts[2]))
    assert not [tag for tag, attributes in page.found if tag == "img" or any(name.startswith("on") for name in attributes)]
    assert page.text.count("<img src=x onerror=alert(2)>") >= 7
    assert report.png(harmed).startswith(b"\x89PNG")


def test_a_run_without_an_epoch_and_one_from_another_machine(summary: dict[str, Any]) -> None:
    runs = [{**run, "epochs": [], "angles": {}, "test_error": None} for run in summary["runs"]]
    empty = {**summary, "runs": runs, "settings": {**summary["settings"], "device": "cuda:63"}, "failed": "Stopped at step 0."}
    page = Elements(report.html(empty))
    assert "No epoch has ended yet" in page.text and "Stopped at step 0." in page.text and "cuda:63" in page.text
    assert report.png(empty).startswith(b"\x89PNG")


def test_one_seed_needs_no_means() -> None:
    summary = trained(rules="bp,dfa", epochs=1)
    assert all(curve.bold for panel in panels(summary) for curve in panel.curves)
    assert [c.name for c in panel(summary, "Error").curves] == ["bp · training", "dfa · training", "bp", "dfa"]


def test_a_deep_network_is_drawn_in_part() -> None:
    layers = [str(n) for n in range(1, 51)]
    assert len(chosen(layers)) == MOST_LAYERS and chosen(layers)[0] == "1" and chosen(layers)[-1] == "50"
    summary = trained(rules="dfa", epochs=1, num_layers=14)
    assert len(panels(summary)) == MOST_LAYERS + 4
    names, rows = words.figures(summary)
    assert "angles" in names and re.fullmatch(r"\d+° to \d+°", rows[0][1][names.index("angles")])
    assert f"{MOST_LAYERS} of 14 hidden layers are drawn." in report.html(summary)


def test_the_picture(summary: dict[str, Any]) -> None:
    picture = report.png(summary)
    assert picture.startswith(b"\x89PNG") and picture == report.png(summary)
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (16, 20))
    assert 1500 < width < 2500 and 600 < height < 2000
