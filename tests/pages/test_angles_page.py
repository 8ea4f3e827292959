"""The page "Angles": maps of what was recorded, for those that run and those that are long gone."""

import json
from pathlib import Path

from streamlit.testing.v1 import AppTest

from app.live import layer_maps
from app.live.message import NAMES, message
from dfa_lab import registry
from dfa_lab.records import DRAWN, METRICS, Record
from dfa_lab.runs.live import Status
from dfa_lab.settings.measure_settings import KINDS
from dfa_lab.settings.parsing import parse
from tests.runs.patience import until_state, until_step

ROOT = Path(__file__).parents[2]
SMALL = {"num_hidden": 6, "rules": "bp,dfa", "batch_size": 512, "probe_size": 8, "device": "cpu", "measure_every": 1}


def attach(app: AppTest, id: str) -> None:
    app.query_params["experiment"] = id
    app.run()
    app.switch_page(str(ROOT / "pages" / "angles.py")).run()
    assert not app.exception


def view(app: AppTest) -> dict:
    """What the component was sent last."""
    (stub,) = [one for one in app.get("bidi_component") if "live_angles" in one.proto.json]  # type: ignore[attr-defined]
    return json.loads(stub.proto.json)["view"]  # type: ignore[attr-defined]


def test_maps_of_what_is_measured_while_it_trains_and_the_choice_stays(app):
    from app.shell.server import manager

    id = manager().start(parse(SMALL | {"epochs": 10_000, "seeds": "3,4"}), pace=50)
    until_step(manager(), id, 2)
    attach(app, id)
    shown = view(app)
    assert shown["layout"] == "angles" and shown["heat"]["measure"] == "signal"
    bp, dfa = shown["heat"]["rules"]["bp"], shown["heat"]["rules"]["dfa"]
    assert bp["rows"] == dfa["rows"] == ["1", "2"] and bp["steps"][:3] == [0, 1, 2]
    assert all(abs(value) < 0.1 for row in bp["values"] for value in row)
    records = manager().records(id)
    for layer, row in enumerate(dfa["values"], start=1):
        at_0 = [r.value or 0 for r in records if (r.metric, r.layer, r.step) == ("signal_angle", layer, 0) and r.run in (1, 3)]
        assert len(at_0) == 2 and abs(row[0] - sum(at_0) / 2) < 0.06  # the mean of both seeds
    app.selectbox(key="angles_of").set_value("update").run()
    shown = view(app)["heat"]
    assert shown["measure"] == "update" and shown["rules"]["dfa"]["rows"] == ["1", "2", "readout", "whole network"]
    assert shown["rules"]["dfa"]["steps"][0] == 1
    until_step(manager(), id, records[-1].step + 10)
    app.run()
    assert view(app)["heat"]["measure"] == "update" and view(app)["heat"]["version"] > shown["version"]
    assert not app.info


def test_an_experiment_that_is_no_longer_in_memory_and_one_of_an_earlier_lab(app):
    from app.shell.server import manager

    old = manager().start(parse(SMALL | {"epochs": 2, "measures": "angles"}))
    id = manager().start(parse(SMALL | {"epochs": 2}))
    for one in (old, id):
        until_state(manager(), one, "finished")
    manager().close()
    manager.clear()  # another server, which has the store alone
    attach(app, id)
    assert view(app)["heat"]["rules"]["dfa"]["steps"] and not app.info
    app.selectbox(key="angles_of").set_value("rank").run()
    assert len(view(app)["heat"]["rules"]["bp"]["values"]) == 2
    app.session_state["watched"] = old
    app.run()
    assert not app.exception
    (said,) = [one.value for one in app.info]
    there = registry.declared(KINDS, "METRICS")["alignment"]
    missing = [drawn["name"] for drawn in DRAWN.values() if drawn["metric"] not in there]
    assert missing[:2] == ["Update", "Feedback–weight"] and {"Saturated", "Dead", "Effective rank"} <= set(missing)
    assert f"has no {', '.join(missing)}:" in said
    assert view(app)["heat"]["rules"]["bp"] == {"steps": [], "rows": [], "values": []}


def test_all_that_is_measured_by_layer_is_drawn_and_the_browser_is_told() -> None:
    """The page, the browser's chart and the report have no lists of their own."""
    names = {key: (drawn["name"], drawn["metric"]) for key, drawn in DRAWN.items()}
    assert list(names)[:2] == ["signal", "gradient"] and names["rank"] == ("Effective rank", "effective_rank")
    assert set(layer_maps.BY_METRIC) <= set(METRICS) and list(METRICS) == NAMES
    by_layer = {name for name in METRICS if not name.startswith(("train", "test"))}
    spreads = {drawn[of] for drawn in DRAWN.values() for of in ("spread", "chance") if of in drawn}  # bands
    assert {"signal_angle_std", "signal_angle_chance"} <= spreads and set(layer_maps.BY_METRIC) | spreads == by_layer
    status = Status("some", parse({"rules": "bp"}), "running", "", False, layers=(9,))
    assert message(status)["measures"] == DRAWN


def test_deep_networks_send_no_more_than_can_be_drawn(app, monkeypatch) -> None:
    records = [
        Record(0, "signal_angle", l, 90.0 + (l == 70 and s == 777), s, 0.0, 0, 0.0) for s in range(900) for l in range(1, 101)
    ]
    store = type("Store", (), {"records": lambda self, id, since: records[since:], "record_list": lambda self, id: 1})()
    monkeypatch.setattr(layer_maps, "manager", lambda: store)
    status = Status("deep", parse({"rules": "bp", "num_layers": 100}), "running", "", False, layers=(9,) * 100)
    found = layer_maps.heat(status, "signal")["rules"]["bp"]
    assert len(found["steps"]) == len(found["values"][0]) == 116 and len(found["values"]) == 100
    assert max(found["values"][69]) == 91 and max(found["values"][68]) == 90
