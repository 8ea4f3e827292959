"""The form begins with what one plays with; the rest is behind one door, found by a word or since it differs."""

from streamlit.testing.v1 import AppTest

from app.form import door
from app.visit.hidden_controls import GROUPS
from dfa_lab.settings.experiment import Experiment, extra
from tests.pages.test_changed_settings import chart
from tests.pages.test_suited import choose

KINDS = ("number_input", "text_input", "selectbox", "button_group", "radio", "toggle")
PLAY = ["dataset", "num_layers", "num_hidden", "rules", "nonlin", "learning_rate", "seeds"]


def widgets(part) -> list[str]:
    """Settings with a widget in a part of the page, by kind of widget."""
    keys = [str(one.key) for kind in KINDS for one in getattr(part, kind)]
    return [key.removeprefix("setting_") for key in keys if key.startswith("setting_")]


def the_door(app: AppTest):
    return next(one for one in app.expander if one.label == "All settings")


def search(app: AppTest, text: str) -> AppTest:
    app.text_input(key=door.SEARCH).set_value(text).run()
    assert not app.exception
    return app


def captions(app: AppTest) -> list[str]:
    return [one.value for one in the_door(app).caption]


def at_the_door(app: AppTest) -> list[str]:
    """What is said before the door of settings that differ."""
    return [one.value for one in app.caption if " from the defaults: " in one.value]


def test_the_form_begins_with_what_one_plays_with(app: AppTest) -> None:
    app.run()
    inside = set(widgets(the_door(app)))
    order = [name for name in Experiment.model_fields if extra(Experiment.model_fields[name])["play"]]
    assert {name for name in widgets(app) if name not in inside} == set(PLAY) <= set(order)
    shown = [name for name in door.playthings() if name in PLAY]
    assert shown == PLAY
    assert len(inside) > 30 and {"network", "optimizer", "epochs", "batch_size"} <= inside
    assert [one.value for one in the_door(app).header] == list(GROUPS.values())


def test_what_belongs_to_a_data_set_stands_with_it(app: AppTest) -> None:
    choose(app.run(), "gaussians")
    assert "classes" in widgets(app) and "classes" not in widgets(the_door(app))
    assert door.playthings().index("classes") < door.playthings().index("num_layers")


def test_a_search_shows_what_it_finds_and_keeps_what_it_does_not(app: AppTest) -> None:
    app.run()
    app.number_input(key="setting_batch_size").set_value(32).run()
    search(app, "decay")
    assert set(widgets(the_door(app))) == {"learning_rate_decay", "weight_decay", "schedule", "optimizer", "decay_factor"}
    assert [one.value for one in the_door(app).header] == ["Training"]
    app.text_input(key="setting_weight_decay").set_value("0.01").run()
    search(app, "batch")
    assert app.number_input(key="setting_batch_size").value == 32 and "weight_decay" not in widgets(app)
    from app.shell.server import manager
    from tests.pages.test_pages import button
    from tests.pages.test_scrubber import link
    from tests.runs.patience import status

    button(app, "Start").click().run()
    trained = status(manager(), link(app, "experiment")).experiment
    assert (trained.batch_size, trained.weight_decay) == (32, 0.01)
    search(app, "")
    assert app.text_input(key="setting_weight_decay").value == "0.01"


def test_a_hit_that_has_no_effect_says_why(app: AppTest) -> None:
    search(app.run(), "momentum")
    assert "momentum" not in widgets(app)
    assert "**Momentum**: it has an effect only where optimizer is sgd or nag." in captions(app)
    assert "**Momentum with dampening**: it has an effect only where optimizer is sgd." in captions(app)
    search(app, "")
    app.selectbox(key="setting_optimizer").set_value("sgd").run()
    search(app, "momentum")
    assert {"momentum", "dampening"} <= set(widgets(the_door(app))) and captions(app) == []


def test_a_hit_elsewhere_says_where(app: AppTest) -> None:
    search(app.run(), "size of a step")
    assert captions(app) == ["**Learning rate**: it stands above, before this door."]
    search(app, "worker processes")
    assert any(one.startswith("**Processes**: the page trains in threads") for one in captions(app))
    search(app, "zebra")
    assert widgets(the_door(app)) == [] and captions(app)[0].startswith("No setting has this")


def test_what_a_link_hides_is_not_behind_the_door(app: AppTest) -> None:
    app.query_params["hide"] = "training,network"
    search(app.run(), "")
    there = {extra(Experiment.model_fields[name])["group"] for name in widgets(app)}
    assert there == {"data", "rules", "measuring"} and chart(app)["sizes"] == []
    assert [one.value for one in the_door(app).header] == ["Data", "Learning rules", "Measuring"]
    search(app, "weight decay")
    assert "**Weight decay**: this link hides it." in captions(app)


def test_everything_hidden_leaves_no_door(app: AppTest) -> None:
    app.query_params["hide"] = "all"
    app.run()
    assert not app.exception and not widgets(app)
    assert not [one for one in app.expander if one.label == "All settings"]


def test_the_door_says_what_differs_from_the_defaults(app: AppTest) -> None:
    for name, value in {"batchSize": "16", "whiten": "true", "LR": "0.01", "optimization": "rmsprop"}.items():
        app.query_params[name] = value
    app.run()
    assert at_the_door(app) == ["2 more settings differ from the defaults: whitening on, batches of 16."]
    app.toggle(key="setting_whiten").set_value(False).run()
    assert at_the_door(app) == ["1 more setting differs from the defaults: batches of 16."]
    app.number_input(key="setting_batch_size").set_value(64).run()
    app.text_input(key="setting_eps").set_value("0.0").run()  # the default, written otherwise
    assert at_the_door(app) == []
    app.text_input(key="setting_eps").set_value("-1").run()  # refused, and so not the default
    assert len(at_the_door(app)) == 1 and "-1" in at_the_door(app)[0]


def test_what_suits_a_data_set_differs_too(app: AppTest) -> None:
    choose(app.run(), "spirals")
    assert at_the_door(app) == ["3 more settings differ from the defaults: normalization channel, batches of 16, 50 epochs."]
