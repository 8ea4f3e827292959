"""Experiment ⇄ form ⇄ link."""

import pytest
from streamlit.testing.v1 import AppTest

from app.visit import form_state, share
from dfa_lab.settings.experiment import NETWORKS, Experiment, extra
from dfa_lab.settings.network_settings import USED
from dfa_lab.settings.parsing import parse

ODD = [0.1 + 0.2, 1 / 3, 1e-5, 1.0000001e-7, 5e-324, 99.99999999999999, 1e-3, 64.0]


@pytest.mark.parametrize("value", ODD)
def test_a_float_keeps_its_digits(value: float) -> None:
    text = form_state.as_text(value)
    assert isinstance(text, str) and float(text) == value


def test_short_floats_are_shown_short() -> None:
    assert [form_state.as_text(value) for value in (1e-3, 0.5, 1e-5, 64.0)] == ["0.001", "0.5", "1e-05", "64"]


@pytest.mark.parametrize("value", ODD)
def test_what_is_put_into_the_form_is_read_from_it(value: float) -> None:
    def page(settings: str) -> None:
        import streamlit as st

        from app.form import settings_form
        from app.visit import form_state
        from dfa_lab.settings.experiment import Experiment

        if "got" not in st.session_state:
            form_state.put(Experiment.model_validate_json(settings))
        st.session_state.got = settings_form.form()

    settings = {"learning_rate": value, "feedback_magnitude": value, "seeds": "3,4", "optimizer": "sgd"}
    experiment = parse({**settings, "momentum": min(value, 0.1 + 0.2)})
    test = AppTest.from_function(page, default_timeout=120, args=(experiment.model_dump_json(),)).run()
    assert not test.exception
    assert test.session_state["got"] == (experiment, [])


def of_network() -> set[str]:
    """The settings that count with some networks only."""
    return {name for name, field in Experiment.model_fields.items() if "network" in extra(field)["when"]}


@pytest.mark.parametrize("network", NETWORKS)
def test_the_form_shows_the_settings_that_the_network_declares(network: str) -> None:
    def page(settings: str) -> None:
        import streamlit as st

        from app.form import settings_form
        from app.visit import form_state
        from dfa_lab.settings.experiment import Experiment

        if "got" not in st.session_state:
            form_state.put(Experiment.model_validate_json(settings))
        st.session_state.got = settings_form.form()

    test = AppTest.from_function(page, default_timeout=120, args=(parse({"network": network}).model_dump_json(),)).run()
    assert not test.exception
    kinds = (test.number_input, test.text_input, test.button_group, test.radio, test.selectbox)
    shown = {str(one.key).removeprefix("setting_") for kind in kinds for one in kind}
    assert {"network", "batch_size"} <= shown
    assert shown & of_network() == set(USED.get(network, ()))


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> list[Experiment]:
    """What goes into the form."""
    found: list[Experiment] = []
    monkeypatch.setattr(form_state, "put", found.append)
    return found


def test_a_link_chooses_no_folder_and_no_download(put: list[Experiment]) -> None:
    params = {"dataset": ["mnist"], "datapath": ["/etc", "/root"], "download": ["true"], "LR": ["0.01"]}
    assert form_state.from_link(params) == [
        "A link cannot choose files, folders or a download of this server: set them in the form."
    ]
    assert put == [parse({"dataset": "mnist", "LR": "0.01"})]


def test_a_link_that_chooses_nothing_leaves_the_defaults_in_the_form(put: list[Experiment]) -> None:
    for name, value in (("datapath", "/etc"), ("download", "1")):
        assert form_state.from_link({name: [value]}) == [
            "A link cannot choose files, folders or a download of this server: set them in the form."
        ]
    assert form_state.from_link({}) == []
    assert form_state.from_link({"experiment": ["3f9c2a71be"]}) == []
    assert put == [Experiment()] * 4


def test_a_link_leads_back_but_for_the_folder(put: list[Experiment]) -> None:
    from urllib.parse import parse_qs

    experiment = parse({"dataset": "mnist", "datapath": "/data", "download": "true", "LR": 0.1 + 0.2})
    link = share.link(experiment)
    assert form_state.from_link(parse_qs(link.partition("?")[2])) == []
    assert put == [parse({"dataset": "mnist", "LR": 0.1 + 0.2})]
    assert share.link(parse({"datapath": "/data"})).endswith("?dataset=digits")
