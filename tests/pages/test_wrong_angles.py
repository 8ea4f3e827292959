"""What pages say of an experiment of which angles are known to be wrong: each leaves a gap, and a sentence."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dfa_lab.records import Record
from dfa_lab.runs.store.known_wrong import OTHER_SECONDS, SAID
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.parsing import parse

PAGES = Path(__file__).parents[2] / "pages"


def fill(folder: Path, earlier: bool) -> None:
    with closing(Store(folder)) as store:
        store.create("e", parse({"rules": "dfa", "num_layers": 1}))
        for step, value in ((10, 80.0), (20, 90.0)):
            for metric, layer in (("signal_angle", 1), ("gradient_angle", None)):
                store.add_records("e", [Record(0, metric, layer, value, step, 1.0, 64, 0.1)])
            store.add_records("e", [Record(0, "test_error", None, 0.5, step, 1.0, 64, 0.1)])
        store.set_state("e", "finished")
    if earlier:
        with closing(sqlite3.connect(folder / "runs.sqlite")) as connection:
            connection.execute("""UPDATE experiments SET versions = '{"python": "3.11"}'""")
            connection.commit()


def component(app: AppTest, name: str) -> dict:
    (stub,) = [one for one in app.get("bidi_component") if name in one.proto.json]  # type: ignore[attr-defined]
    return json.loads(stub.proto.json)["view"]  # type: ignore[attr-defined]


def words(app: AppTest) -> list[str]:
    return [one.value for kind in ("info", "caption") for one in getattr(app, kind)]


@pytest.mark.parametrize("earlier", [True, False])
def test_every_page_that_shows_such_a_value_leaves_it_out_and_says_why(app, tmp_path, earlier: bool) -> None:
    fill(tmp_path, earlier)
    app.query_params["experiment"] = "e"
    app.run()
    assert component(app, '"live"')["note"] == (f"{SAID} {OTHER_SECONDS}" if earlier else "")
    for page in ("angles", "feedback"):
        app.switch_page(str(PAGES / f"{page}.py")).run()
        assert not app.exception and (SAID in words(app)) is earlier, page
    app.switch_page(str(PAGES / "experiments.py")).run()
    assert SAID not in words(app)  # of the test error
    app.selectbox(key="runs_metric").set_value("gradient_angle").run()
    assert (SAID in words(app)) is earlier
    value = app.data_editor[0].value.loc["e", "dfa"] if "dfa" in app.data_editor[0].value else None
    assert (value != value or value is None) if earlier else value == 90
    app.query_params["panels"] = "test_error,gradient_angle"
    app.query_params["compare"] = "e"  # without the demonstration, which may have been measured meanwhile
    app.switch_page(str(PAGES / "compare.py")).run()
    assert not app.exception
    error, angle = component(app, '"comparison"')["panels"]
    assert error["notes"] == [] and (SAID in angle["notes"]) is earlier
    assert OTHER_SECONDS not in angle["notes"]  # it is drawn over steps
    assert angle["lines"][0]["y"] == ([80.0, None] if earlier else [80.0, 90.0])


@pytest.mark.parametrize("earlier", [True, False])
def test_seconds_of_an_earlier_lab_are_told_from_those_of_this_one(app, tmp_path, earlier: bool) -> None:
    fill(tmp_path, earlier)
    app.query_params["compare"] = "e"
    app.query_params["look"] = "panels:test_error,over:seconds"
    app.switch_page(str(PAGES / "compare.py")).run()
    view = component(app, '"comparison"')
    assert view["axis"] == {"name": "seconds", "title": "seconds of own computing"}
    assert [OTHER_SECONDS in panel["notes"] for panel in view["panels"]] == [earlier]
