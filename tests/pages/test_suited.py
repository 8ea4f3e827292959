"""What suits a data set is filled in as it is chosen, and nothing that anybody chose is overwritten."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from dfa_lab.settings.experiment import ON_DISK, Experiment
from dfa_lab.settings.parsing import differences, parse
from dfa_lab.settings.suited import SUITED, suited
from tests.pages.test_pages import button
from tests.pages.test_scrubber import link, opened
from tests.runs.patience import status


def choose(app: AppTest, dataset: str) -> AppTest:
    """Choose a data set in the form; of those that are files none is here, which is said."""
    app.selectbox(key="setting_dataset").set_value(dataset).run()
    assert not app.exception and bool(app.error) == (dataset in ON_DISK)
    return app


def said(app: AppTest) -> list[str]:
    """What is said below the choice of the data set about what was chosen for it."""
    return [one.value for one in app.caption if one.value.startswith("Chosen for ")]


def formed(app: AppTest) -> dict[str, object]:
    """What the form holds, where it is not the default."""
    kept = {name: app.session_state[f"setting_{name}"] for name in Experiment.model_fields if name != "device"}
    experiment = parse({name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()})
    return {name: getattr(experiment, name) for name in differences(experiment)}


def differing(dataset: str) -> dict[str, object]:
    """What suits a data set, where it is not the default anyhow."""
    return {name: value for name, value in suited(dataset).items() if value != Experiment.model_fields[name].default}


def labels(app: AppTest) -> list[str]:
    return [one.label for one in app.button]


@pytest.mark.parametrize("dataset", SUITED)
def test_choosing_a_data_set_fills_in_what_suits_it_and_says_so(app: AppTest, dataset: str) -> None:
    app.run()
    assert formed(app) == {} and not said(app) and "Defaults instead" not in labels(app)
    choose(app, dataset)
    assert formed(app) == {"dataset": dataset, **differing(dataset)}
    assert len(said(app)) == 1 and "Suit the settings to it" not in labels(app)


def test_the_sentence_and_the_way_back(app: AppTest) -> None:
    choose(app.run(), "spirals")
    assert said(app) == [
        "Chosen for Spirals: 3 layers of 64 tanh units, learning rate 0.003, batches of 16, 50 epochs, normalization channel."
    ]
    button(app, "Defaults instead").click().run()
    assert formed(app) == {"dataset": "spirals"} and not said(app)
    button(app, "Suit the settings to it").click().run()
    assert formed(app) == {"dataset": "spirals", **differing("spirals")} and said(app)


def test_another_data_set_brings_its_own_and_one_without_any_the_defaults(app: AppTest) -> None:
    choose(choose(app.run(), "spirals"), "xor")
    assert formed(app) == {"dataset": "xor", **differing("xor")}
    choose(app, "digits")
    assert formed(app) == {} and not said(app)


def test_what_the_visitor_chose_is_never_overwritten(app: AppTest) -> None:
    app.run().number_input(key="setting_epochs").set_value(7).run()
    choose(app, "spirals")
    assert formed(app) == {"dataset": "spirals", **differing("spirals"), "epochs": 7}
    assert said(app)[0].endswith("normalization channel. Kept as you chose: epochs.") and " 50 epochs" not in said(app)[0]
    app.text_input(key="setting_num_hidden").set_value("30").run()  # one that the lab filled in, and now the visitor's
    choose(app, "moons")
    assert formed(app) == {"dataset": "moons", **differing("moons"), "epochs": 7, "num_hidden": 30}
    choose(app, "digits")
    assert formed(app) == {"epochs": 7, "num_hidden": 30}
    app.number_input(key="setting_epochs").set_value(Experiment().epochs).run()  # the default, by choice
    assert formed(choose(app, "spirals"))["num_hidden"] == 30 and "epochs" not in formed(app)


def test_widths_of_each_layer_say_how_many_there_are(app: AppTest) -> None:
    app.run().text_input(key="setting_num_hidden").set_value("50,40").run()
    choose(app, "spirals")
    assert not app.error and "layers of" not in said(app)[0] and "hidden layers" not in said(app)[0]
    assert formed(app)["num_hidden"] == (50, 40)


def test_what_has_no_effect_with_the_network_is_not_spoken_of(app: AppTest) -> None:
    app.run()
    app.radio(key="setting_network").set_value("conv").run()
    choose(app, "mnist")
    assert said(app) == ["Chosen for MNIST: tanh units, learning rate 0.001, batches of 128, 5 epochs, normalization simple."]


def test_a_link_is_taken_as_it_is(app: AppTest) -> None:
    for name, value in {"dataset": "spirals", "LR": "0.001", "num_layers": "4"}.items():
        app.query_params[name] = value
    app.run()
    assert formed(app) == {"dataset": "spirals", "num_layers": 4} and not said(app)
    assert "Suit the settings to it" in labels(app)
    choose(app, "moons")
    rest = {name: value for name, value in differing("moons").items() if name != "learning_rate"}
    assert formed(app) == {"dataset": "moons", **rest, "num_layers": 4}
    assert said(app)[0].endswith("Kept as you chose: hidden layers, learning rate.")


def test_what_a_link_hides_keeps_the_values_of_the_link(app: AppTest) -> None:
    app.query_params["hide"] = "training"
    choose(app.run(), "spirals")
    assert formed(app) == {"dataset": "spirals", "num_layers": 3, "num_hidden": 64, "normalization": "channel"}


def test_the_link_states_what_was_filled_in_and_a_start_does_not_make_it_the_visitors(app: AppTest) -> None:
    from app.shell.server import manager
    from app.visit import share

    choose(app.run(), "spirals")
    button(app, "Start").click().run()
    trained = status(manager(), link(app, "experiment")).experiment
    manager().stop(link(app, "experiment"))
    assert trained == parse({"dataset": "spirals", **suited("spirals")})
    stated = dict(parse_qsl(urlsplit(share.link(trained)).query))
    assert parse(stated) == trained and stated.keys() == {"dataset", *differing("spirals")}
    choose(app.run(), "xor")
    assert formed(app) == {"dataset": "xor", **differing("xor")}


def test_a_reload_of_what_suits_its_data_set_goes_on_as_before(app: AppTest) -> None:
    from app.shell.server import manager

    id = manager().start(parse({"dataset": "spirals", **suited("spirals")}), paused=True)
    opened(app, "lab", experiment=id)
    assert len(said(app)) == 1
    assert formed(choose(app, "digits")) == {}
    other = manager().start(parse({"dataset": "spirals", **suited("spirals"), "epochs": 9}), paused=True)
    opened(app, "lab", experiment=other)
    assert not said(app)
