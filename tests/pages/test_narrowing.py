"""The conv network has the paper's widths, and one press gives it those that a laptop trains."""

from streamlit.testing.v1 import AppTest

from app.form.narrowing import NARROW
from dfa_lab.settings.parsing import parse
from dfa_lab.train.effort import effort
from tests.pages.test_suited import formed


def offered(app: AppTest) -> list[str]:
    return [one.label for one in app.button if one.key == "narrow"]


def test_a_press_gives_widths_for_a_laptop(app: AppTest) -> None:
    assert offered(app.run()) == []  # of the mlp
    app.radio(key="setting_network").set_value("conv").run()
    assert offered(app) == ["Widths for a laptop: 16, 24, 32 and 128"]
    app.button(key="narrow").click().run()
    assert not app.exception and offered(app) == []
    assert formed(app) == {"network": "conv", **NARROW["conv"]}
    app.selectbox(key="setting_dataset").set_value("mnist").run()  # what was pressed stays
    assert NARROW["conv"].items() <= formed(app).items()


def test_they_cost_a_small_part_of_the_papers() -> None:
    whole = parse({"dataset": "mnist", "network": "conv"})
    assert effort(whole.model_copy(update=NARROW["conv"])) < effort(whole) / 10
