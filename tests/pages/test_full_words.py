"""The form says in full what a value is short for; what it holds stays short."""

import pytest
from streamlit.testing.v1 import AppTest

from app.form.full_words import full
from app.visit.form_state import SEVERAL
from dfa_lab.settings.experiment import Experiment, extra
from tests.pages.test_suited import formed

WITH_WORDS = [name for name, field in Experiment.model_fields.items() if extra(field)["words"]]
NO_WORDS = {"measures", "dataset"}  # words themselves; each set's file has its title


@pytest.mark.parametrize("name", [name for name, field in Experiment.model_fields.items() if extra(field)["choices"]])
def test_no_value_is_a_bare_abbreviation(name: str) -> None:
    field = Experiment.model_fields[name]
    for value in extra(field)["choices"]:
        shown = full(name, value)
        assert name in NO_WORDS or value in ("constant", "always", "never") or shown.endswith((f" ({value})", f", {value})")), (
            shown
        )
    assert full(name, "mine.py") == "mine.py"


@pytest.mark.parametrize("name", WITH_WORDS)
def test_a_word_belongs_to_a_value_that_can_be_chosen(name: str) -> None:
    field = Experiment.model_fields[name]
    there = extra(field)["choices"] or ("auto", "cpu", "cuda", "mps")
    assert extra(field)["words"].keys() <= set(there if field.annotation is not int else "012")


def test_widgets_have_the_words_and_settings_the_values(app: AppTest) -> None:
    app.run()
    groups = {one.key: one for one in app.button_group}
    assert groups["setting_rules"].options[:2] == ["Backpropagation (bp)", "Feedback alignment (fa)"]
    assert app.selectbox(key="setting_optimizer").options[1] == "root mean square propagation (rmsprop)"
    assert app.radio(key="setting_criterion").options == ["binary cross-entropy (bce)", "softmax cross-entropy (ce)"]
    app.radio(key="setting_criterion").set_value("ce").run()
    app.radio(key="setting_dropout").set_value(1).run()
    assert formed(app) == {"criterion": "ce", "dropout": 1}
    assert SEVERAL == ["rules", "measures"]
