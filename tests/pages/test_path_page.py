"""The page "The path of the error": what is drawn follows from the rule's path, and slow motion from the next step."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.path.equations import pieces
from app.path.message import EXACT_ERROR, FORWARD, PHASES, UPDATE, WAYS, strip
from app.visit.looks import _kept
from dfa_lab.feedback import RULES, rule_class
from dfa_lab.inspect.slow_motion import Strip
from dfa_lab.settings.parsing import parse
from tests.runs.patience import state, status, until, until_state, until_step

ROOT = Path(__file__).parents[2]
SMALL = {"num_hidden": 9, "rules": "bp,fa,dfa,shallow", "batch_size": 500, "epochs": 1000, "probe_size": 8, "device": "cpu"}


def attach(app: AppTest, **settings: object) -> str:
    """Begin an experiment and open the page on it; its id."""
    from app.shell.server import manager

    id = manager().start(parse(SMALL | settings), pace=50)
    until_step(manager(), id, 2)
    app.query_params["experiment"] = id
    app.run()
    app.switch_page(str(ROOT / "pages" / "path.py")).run()
    assert not app.exception
    return id


def drawn(app: AppTest) -> dict:
    """What the drawing is sent."""
    (proto,) = (one.proto for one in app.get("bidi_component") if one.proto.component_name == "dfa_lab_path")  # type: ignore[attr-defined]
    return json.loads(proto.json)["view"]


def press(app: AppTest, key: str) -> dict:
    app.button(key=key).click().run()
    assert not app.exception
    return drawn(app)


def choose(app: AppTest, label: str, value: str) -> None:
    next(one for one in app.button_group if one.label == label).set_value(value).run()
    assert not app.exception


def test_every_rule_is_drawn_by_its_path_and_slow_motion_goes_phase_by_phase(app):
    from app.shell.server import manager

    id = attach(app, seeds="4,5")
    view = drawn(app)
    assert view["phase"] is None and view["moving"] and view["samples"] == 8
    shown = {panel["rule"]: (panel["path"], panel["matrix"]) for panel in view["panels"]}
    assert shown["bp"] == ("chain", "W") and shown["fa"] == ("chain", "B") and shown["dfa"] == ("direct", "B")
    assert shown["shallow"][0] == "none"
    for panel in view["panels"]:
        assert [part["shape"] for part in panel["parts"]] == [[9], [9], [10]]
        signals = [part["signal"] for part in panel["parts"][:2]]
        assert signals == [None, None] if panel["rule"] == "shallow" else min(signals) > 0
    assert [part["angle"] for part in view["panels"][0]["parts"]] == pytest.approx([0, 0, 0], abs=0.01)
    choose(app, "Rules", "dfa")
    assert [panel["rule"] for panel in drawn(app)["panels"]] == ["dfa"]
    choose(app, "Rules", "all rules")

    choose(app, "View", "Slow motion")
    assert state(manager(), id) == "paused"
    at, names = status(manager(), id).step, list(PHASES)
    view = drawn(app)
    assert view["phase"] == names.pop(0) and view["step"] == at and not view["moving"] and view["samples"] in (500, 437)
    assert view["panels"][0]["slow"]["picture"].startswith("data:image/png") and len(view["panels"][0]["slow"]["layers"]) == 3
    for name in names:
        assert press(app, "path_next")["phase"] == name and status(manager(), id).step == at
    moved = {panel["rule"]: [layer["norms"][1] for layer in panel["slow"]["layers"]] for panel in drawn(app)["panels"]}
    assert min(moved["dfa"]) > 0 and moved["shallow"][:2] == [0, 0] and moved["shallow"][2] > 0
    view = press(app, "path_next")
    assert view["phase"] == "forward" and view["step"] == at + 1 == status(manager(), id).step
    press(app, "path_next")
    view = press(app, "path_batch")
    assert view["phase"] == "error" and view["step"] == at + 2
    assert view["panels"][0]["slow"]["target"] in "0123456789"
    app.button(key="path_epoch").click().run()
    until_state(manager(), id, "paused")
    assert status(manager(), id).step % 3 == 0
    app.run()
    assert drawn(app)["step"] == status(manager(), id).step
    choose(app, "View", "Live")
    app.button(key="path_resume").click().run()
    assert state(manager(), id) == "running"


def test_slow_motion_of_the_demonstration_is_that_of_a_copy(app):
    from app.shell.server import manager

    app.switch_page(str(ROOT / "pages" / "path.py")).run()
    demo = manager().demo()
    until_step(manager(), demo, 1)
    choose(app, "View", "Slow motion")
    own = app.session_state["watched"]
    assert own and own != demo and state(manager(), demo) == "running"
    until_state(manager(), own, "paused")
    app.run()
    assert drawn(app)["experiment"] == own and drawn(app)["phase"] == "forward"
    app.switch_page(str(ROOT / "pages" / "rules.py")).run()
    app.switch_page(str(ROOT / "pages" / "path.py")).run()
    assert drawn(app)["phase"] is None  # coming back begins with Live, so that no visit pauses anything


def test_what_is_left_when_the_networks_are_gone_and_a_replay_would_last(app, monkeypatch):
    from app.shell.server import manager
    from app.visit import moment

    monkeypatch.setattr(moment, "QUICK", -1.0)
    id = attach(app, network="conv", conv_channels="2", conv_hidden="5", rules="fa,dfa")
    assert [part["shape"] for part in drawn(app)["panels"][0]["parts"]] == [[2, 3, 3], [5], [10]]
    choose(app, "View", "Slow motion")
    assert drawn(app)["panels"][1]["slow"]["layers"][0]["a"]["units"] == 2 * 8 * 8
    manager().step(id)  # past what has been looked at
    until_step(manager(), id, drawn(app)["step"] + 1)
    manager().stop(id)
    until(lambda: manager()._lives[id].trainer is None)
    app.run()
    assert not app.exception and "As it was at step" in drawn(app)["note"]
    assert "There is no next step" in " ".join(one.value for one in app.info) and app.button(key="path_next").disabled
    _kept.clear()
    app.run()
    assert "press Reset in the Lab" in " ".join(one.value for one in app.info)


def test_equations_become_text():
    assert pieces(r"\hat\delta_\ell = e \, B_\ell") == [("δ̂", ""), ("ℓ", "sub"), (" = e B", ""), ("ℓ", "sub")]
    assert pieces(r"W_{\ell+1}^\top") == [("W", ""), ("ℓ+1", "sub"), ("T", "sup")]
    assert pieces(r"\frac{1}{N} (p - t)") == [("1/N (p − t)", "")]
    for text in [FORWARD, UPDATE, EXACT_ERROR, *(rule_class(rule).equation for rule in RULES)]:
        assert not set("\\{}_^") & set("".join(one for one, _ in pieces(text))), text
    for rule in RULES:
        kind = rule_class(rule)
        assert (kind.path, kind.path == "chain" and kind.replaces_weights) in WAYS


def test_strips_are_bytes_in_units_of_the_largest():
    sent = strip(Strip(np.array([0.5, -2.0, 0.0], dtype=np.float32), 300, 1.25))
    assert sent is not None and (sent["most"], sent["units"], sent["rms"]) == (2, 300, 1.25)
    assert np.frombuffer(base64.b64decode(sent["values"]), np.int8).tolist() == [32, -127, 0]
    zero = strip(Strip(np.zeros(2, np.float32), 2, 0.0))
    assert zero is not None and np.frombuffer(base64.b64decode(zero["values"]), np.int8).tolist() == [0, 0]
    assert strip(None) is None
