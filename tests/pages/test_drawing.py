"""Points of one's own on the pages: in the form, from a file, trained, and seen on their surface."""

from pathlib import Path
from types import SimpleNamespace

import streamlit as st
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec
from streamlit.testing.v1 import AppTest

from app.form import drawing
from app.visit import form_state
from dfa_lab.settings.point_text import Point, decode, encode
from dfa_lab.settings.points_file import PointsFile
from tests.runs.patience import until_step

ROOT = Path(__file__).parents[2]
TEN = [Point(100 * t + 15 * n, 40 * n + 300, t) for t in range(9) for n in range(5)] + [Point(1000, 1000, 9)]


def captions(app) -> str:
    return " ".join(one.value for one in app.caption)


def button(app, label: str):
    return next(one for one in app.button if one.label == label)


def test_a_link_with_points_is_drawn_trained_and_seen(app):
    from app.shell.server import manager

    text = encode(TEN)
    for name, value in {"dataset": "points", "points": text, "rules": "bp,dfa", "num_hidden": "8", "probe_size": "8"}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    assert "37 points train, 9 test: every fifth of a class." in captions(app) and "over after 20 steps" in captions(app)
    button(app, "Suit the settings to it").click().run()
    assert "over after" not in captions(app)
    button(app, "Start").click().run()
    id = app.query_params["experiment"]
    until_step(manager(), id, 2)
    status = manager().status(id)
    assert status and status.experiment.points == text and status.experiment.epochs == 10_000
    assert manager().store.get(id).experiment.points == text  # type: ignore[union-attr]
    manager().pause(id)

    app.switch_page(str(ROOT / "pages" / "learnt.py")).run()
    assert not app.exception
    html = " ".join(one.proto.body for one in app.get("html"))
    assert 'alt="Decision surface of dfa: 10 classes in the plane, ' in html and html.count("width:18px") == 10
    assert "46 of the 46 points are drawn" in captions(app)
    app.toggle(key="draw_own").set_value(True).run()
    app.session_state[drawing.SETTING] = encode(TEN[:10])  # as a stroke does
    button(app, "Train on these points").click().run()
    assert not app.exception and not app.error
    again = manager().status(app.query_params["experiment"])
    assert again and again.id != id and decode(again.experiment.points) == TEN[:10]
    manager().stop(again.id)

    other = AppTest.from_file(str(ROOT / "app" / "navigation.py"), default_timeout=120)  # a reload is a new session
    other.query_params["experiment"] = id
    assert other.run().session_state[drawing.SETTING] == text


def test_what_the_board_sends_and_what_a_file_holds(monkeypatch):
    """Through the callbacks: a browser may send anything, and what it may not send is left alone or refused."""
    state: dict = {drawing.SETTING: "before", "b": SimpleNamespace(drawn=None)}
    monkeypatch.setattr(st, "session_state", state)
    for nothing in (None, 7, "x", {"points": 3, "number": 1}, {"points": "x"}):
        state["b"].drawn = nothing
        drawing._take("b")
        assert state[drawing.SETTING] == "before"
    state["b"].drawn = {"points": "x" * 10**6, "number": 4}
    drawing._take("b")
    assert len(state[drawing.SETTING]) == 2004 and state["b_seen"] == 4  # one point too many: the form says so

    def load(content: bytes) -> str:
        state["b_file"] = UploadedFile(UploadedFileRec("a", "mine.csv", "text/csv", content), FileURLs())
        drawing._load("b_file")
        return state["points_problem"]

    kept = state[drawing.SETTING]
    assert load(b"x,y,class\n-1,-1,0\n1,1,2\n") == "" and state[drawing.SETTING] == kept  # it is only offered so far
    assert state["points_note"] == "mine.csv is understood so:"
    offered = drawing.said.offered
    assert isinstance(offered, PointsFile)
    assert offered.understood.startswith("2 points, in columns between commas: 'x' is x, 'y' is y and 'class'")
    drawing._leave()
    drawing._use()
    assert state[drawing.SETTING] == kept
    load(b"x,y,class\n-1,-1,0\n1,1,2\n")
    drawing._use()
    assert decode(state[drawing.SETTING]) == [Point(0, 0, 0), Point(1023, 1023, 2)] and drawing.said.offered is None
    kept = state[drawing.SETTING]
    assert load(b"0,0,0\n1,1\n").startswith("mine.csv cannot be used: give a file with a class in each line: line 2 is '1,1'.")
    assert drawing.said.offered is None
    assert load(b"0,0,0\n" * 180_000) == "mine.csv cannot be used: give a file of at most 1 MB."
    assert "a text file" in load(b"\xff\xfe\x00") and state[drawing.SETTING] == kept
    assert load(b"0,0,0\n5,5,1\n") == "" and drawing.said.offered
    assert "moved and scaled" in drawing.said.offered.understood
    state["b_file"] = None
    drawing._load("b_file")
    assert form_state.key("points") == drawing.SETTING
