"""The page Server: whoever keeps the server sees who is there, sets the limits and closes the door."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.server import limits_form
from app.server.limits_form import SET
from dfa_lab.runs import shares
from dfa_lab.runs.limits import Limits, facts
from dfa_lab.runs.rights import ADMINISTRATORS, Visitor
from dfa_lab.settings.parsing import parse
from tests.runs.patience import state, until

PAGE = str(Path(__file__).parents[2] / "pages" / "server.py")


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A shared server; whether the visitor keeps it, is the list's only member."""
    keeper = [True]
    monkeypatch.setenv("DFA_LAB_SHARED", "1")
    monkeypatch.setattr("app.people.administrator.known", lambda cookie: keeper[0])
    return keeper


def visit(app: AppTest) -> AppTest:
    app.run()
    app.switch_page(PAGE).run()
    assert not app.exception
    return app


def field(app: AppTest, name: str):
    return next(one for one in app.number_input if str(one.key).startswith(f"server_limit_{name}_"))


def press(app: AppTest, key: str) -> None:
    app.button(key=key).click().run()
    assert not app.exception


def test_limits_are_set_there_and_the_door_is_closed(app: AppTest, keeper: list[bool]) -> None:
    from app.shell.server import manager

    visit(app)
    assert {str(one.key).rsplit("_", 1)[0] for one in app.number_input} == {
        f"server_limit_{name}" for name in Limits.model_fields
    }
    for name, about in Limits.model_fields.items():
        shown, known = field(app, name), facts(about)
        assert (shown.value, shown.min, shown.max, shown.help) == (
            about.default,
            known["least"],
            known["most"],
            about.description,
        )
        assert shown.label == f"{about.title} ({known['unit']})"
    field(app, "places").set_value(7)
    field(app, "kept").set_value(30)
    press(app, "server_set_limits")
    assert manager().rules.limits == Limits(places=7, kept=30) and SET in [one.value for one in app.success]
    field(app, "places").set_value(9)
    press(app, "server_usual_limits")
    assert manager().rules.limits == Limits() and field(app, "places").value == Limits().places
    app.toggle(key="server_closed").set_value(True).run()
    assert manager().rules.closed

    keeper[0] = False
    visit(app)
    assert [one.value for one in app.info] == [ADMINISTRATORS] and not app.number_input and not app.toggle


def test_a_browser_that_sends_what_the_form_does_not_offer_is_told(app: AppTest, keeper: list[bool], monkeypatch) -> None:
    from app.shell.server import manager

    visit(app)
    monkeypatch.setattr(limits_form, "held", lambda key, usual: -5 if "kept" in key else usual)
    press(app, "server_set_limits")
    assert "“Kept” is to be a whole number from 1 to 100000" in app.error[0].value
    assert manager().rules.limits == Limits()


def test_a_server_of_ones_own_has_no_limits_of_visitors(app: AppTest) -> None:
    visit(app)
    assert [one.key for one in app.number_input] == [f"server_limit_places_{Limits().places}"]
    assert not app.toggle


def test_the_chosen_rows_stay_those_experiments_and_what_is_somebodys_goes_for_good(
    app: AppTest, keeper: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.shell.server import manager

    def begin() -> str:
        with monkeypatch.context() as patch:
            patch.setattr(manager().rights, "who", lambda: Visitor("ann"))
            return manager().start(parse({"num_hidden": 6, "rules": "bp", "epochs": 10_000, "device": "cpu"}))

    def choose(*rows: int) -> None:
        app.session_state[str(app.dataframe[0].key)] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
        app.run()
        assert not app.exception

    monkeypatch.setattr(shares, "EVERY", -1.0)
    manager().visitors.call("ann", "Ann")
    first, second = begin(), begin()

    def people_seen() -> pd.DataFrame:
        visit(app)
        return app.dataframe[1].value

    # what they have on the disk is written by a thread of its own
    until(lambda: str(people_seen()["On the disk"][0]).endswith("kB"))
    active, people = (one.value for one in app.dataframe)
    assert active["id"].to_list() == [second, first] and set(active["whose"]) == {"Ann (ann)"}
    assert people["Visitor"].to_list() == ["Ann (ann)"] and people["Experiments"].to_list() == [2]
    assert people["Being trained"].to_list() == [2] and str(people["On the disk"][0]).endswith("kB")
    assert app.button(key="server_stop").disabled
    choose(1)
    third = begin()  # a row before it
    app.run()
    assert app.dataframe[0].value["id"].to_list() == [third, second, first]
    press(app, "server_stop")
    assert state(manager(), first) == "stopped"
    assert app.dataframe[0].value["id"].to_list() == [third, second]
    choose(0, 1)
    press(app, "server_remove")
    assert len(app.dataframe) == 1 and app.dataframe[0].value["Experiments"].to_list() == [1]

    assert [one.label for one in app.button if str(one.key).startswith("server_purge")] == [
        "What they removed (2)",
        "All of them (3), and stop what runs",
    ]
    press(app, "server_purge_removed")
    assert {one.id for one in manager().store.experiments(demos=False)} == {first}
    assert manager().store.experiments(removed=True) == [] and "given back" in app.info[0].value
    running = begin()
    app.run()
    press(app, "server_purge_all")
    assert manager().store.experiments(demos=False) == [] and manager().status(running) is None
    assert "ann" not in manager().shares.all()
