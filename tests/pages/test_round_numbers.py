"""− and + beside units and learning rate, and above the drawings of the networks, change the form as typing does."""

from streamlit.testing.v1 import AppTest

from tests.pages.test_changed_settings import change, chart
from tests.pages.test_suited import choose, formed


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception
    return app


def test_more_and_less_units(app: AppTest) -> None:
    press(app.run(), "num_hidden_more")
    assert formed(app) == {"num_hidden": 200} and app.text_input(key="setting_num_hidden").value == "200"
    press(press(app, "num_hidden_less"), "num_hidden_less")
    assert formed(app) == {"num_hidden": 50}
    app.text_input(key="setting_num_hidden").set_value("500,300").run()
    assert formed(press(app, "num_hidden_more")) == {"num_hidden": (1000, 500)}
    assert above(app) == {"num_hidden": ("500, 200", "1000, 500", "2000, 1000")}  # the layers are as many as the numbers


def above(app: AppTest) -> dict[str, tuple]:
    """What the buttons above the drawings would make of the form, and between what it holds: None where there is no further."""
    there = {one["name"]: ([None, *one["values"], None], one["at"]) for one in chart(app)["sizes"]}
    return {name: tuple(values[at : at + 3]) for name, (values, at) in there.items()}


def test_the_buttons_above_the_drawings_end_at_the_bounds(app: AppTest) -> None:
    app.query_params.update({"num_layers": "1", "num_hidden": "10000"})
    assert above(app.run()) == {"num_layers": (None, "1", "2"), "num_hidden": ("5000", "10000", None)}
    change(app, num_layers=200, num_hidden="many")
    assert above(app) == {"num_layers": ("199", "200", None), "num_hidden": (None, "many", None)}
    app.radio(key="setting_network").set_value("conv").run()
    assert set(above(app)) == {"conv_channels", "conv_hidden"}


def pressed() -> None:
    import streamlit as st

    from app.form import network_size
    from app.visit import form_state
    from app.visit.session import held, hold
    from dfa_lab.settings.parsing import parse

    if not st.session_state.get("put"):
        form_state.put(parse({}))
        hold("put", True)
    network_size.take(held("wanted"))
    layers, units, epochs = form_state.values(("num_layers", "num_hidden", "epochs")).values()
    st.text(f"{layers} × {units}, {epochs}, {held('chosen_changed')}")


def test_what_a_browser_sends_that_cannot_be_leaves_the_form_as_it_is() -> None:
    app = AppTest.from_function(pressed)
    for wanted in (None, 3, {"num_layers": "0", "num_hidden": ["x"], "epochs": "7"}, {"num_layers": {"a": 1}}):
        app.session_state["wanted"] = wanted
        assert app.run().text[0].value == "2 × 100, 20, None" and not app.exception
    app.session_state["wanted"] = {"num_layers": "3", "num_hidden": "200", "epochs": "7"}
    assert app.run().text[0].value == "3 × 200, 20, True"


def test_what_a_button_chose_is_the_visitors(app: AppTest) -> None:
    press(app.run(), "learning_rate_more")
    choose(app, "spirals")  # which would bring one of its own
    assert formed(app)["learning_rate"] == 0.003
    choose(press(app, "learning_rate_more"), "digits")
    assert formed(app) == {"learning_rate": 0.01}


def test_what_is_refused_stays_as_it_stands(app: AppTest) -> None:
    app.run().text_input(key="setting_num_hidden").set_value("many").run()
    press(app, "num_hidden_more")
    assert app.text_input(key="setting_num_hidden").value == "many" and app.error
