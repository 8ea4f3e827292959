"""Every page renders, and the form says what is wrong with a setting."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "pages").glob("*.py"))


@pytest.fixture
def app(tmp_path, monkeypatch):
    """A fresh server's first visitor."""
    from app.engine import manager

    monkeypatch.setenv("DFA_LAB_RUNS", str(tmp_path))
    monkeypatch.setenv("DFA_LAB_DATA", str(tmp_path / "no data"))
    manager.clear()
    test = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    yield test
    manager().close()
    st.cache_resource.clear()


def alerts(test: AppTest) -> str:
    return " ".join(one.value.replace("\\", "") for one in test.error)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_renders(app, page):
    app.run()
    app.switch_page(str(page)).run()
    assert not app.exception
    assert len(app.main) > 0


def test_the_first_page_shows_the_live_chart_and_can_start(app):
    app.run()
    assert not app.exception
    assert app.get("bidi_component")
    assert not next(button for button in app.button if button.label == "Start").disabled


BAD = [
    ("number_input", "num_hidden", 0, "num_hidden (--num_hidden) is 0: give a whole number from 1 to 10000."),
    ("number_input", "num_hidden", 10**9, "num_hidden (--num_hidden) is 1000000000: give a whole number from 1 to 10000."),
    ("number_input", "num_layers", 0, "num_layers (--num_layers) is 0: give a whole number from 1 to 50."),
    ("number_input", "num_layers", 100, "num_layers (--num_layers) is 100: give a whole number from 1 to 50."),
    ("text_input", "learning_rate", "0", "learning_rate (--LR) is 0: give a number above 0 and at most 100."),
    ("text_input", "learning_rate", "1e9", "learning_rate (--LR) is 1e9: give a number above 0 and at most 100."),
    ("text_input", "learning_rate", "fast", "learning_rate (--LR) is 'fast': give a number above 0 and at most 100."),
    ("number_input", "batch_size", 5000, "batch_size (--batchSize) is 5000: give at most 1437"),
    ("selectbox", "dataset", "mnist", "MNIST"),
    ("segmented_control", "network", "conv", "network (--network) is 'conv': give mlp for digits"),
]


@pytest.mark.parametrize(("kind", "name", "value", "sentence"), BAD, ids=[f"{name}={value}" for _, name, value, _ in BAD])
def test_a_bad_setting_is_refused_in_its_sentence_and_start_is_off(app, kind, name, value, sentence):
    app.run()
    widget = (
        getattr(app, kind)(key=f"setting_{name}") if kind != "segmented_control" else app.button_group(key=f"setting_{name}")
    )
    widget.set_value(value).run()
    assert not app.exception
    assert sentence in alerts(app)
    assert next(button for button in app.button if button.label == "Start").disabled


def test_start_begins_what_the_form_says_and_the_link_names_it(app):
    from app.engine import manager

    app.run()
    app.number_input(key="setting_num_hidden").set_value(17).run()
    next(button for button in app.button if button.label == "Start").click().run()
    assert not app.exception
    id = app.query_params["experiment"]
    status = manager().status(id)
    assert status and status.experiment.num_hidden == 17


def test_a_link_with_all_settings_fills_the_form(app):
    for name, value in {"gradient": "bp,dfa", "LR": "0.01", "num_layers": "4", "nonlin": "relu"}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    assert app.number_input(key="setting_num_layers").value == 4
    assert app.text_input(key="setting_learning_rate").value == "0.01"
    assert app.session_state["setting_rules"] == ["bp", "dfa"]
    assert app.session_state["setting_nonlin"] == "relu"
