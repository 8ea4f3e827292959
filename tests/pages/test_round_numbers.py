"""− and + beside units and learning rate change the form as typing does."""

from streamlit.testing.v1 import AppTest

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
