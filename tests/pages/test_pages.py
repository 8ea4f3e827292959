"""Every page renders, and the form says what is wrong with a setting."""

import json
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.live import route
from app.live.packing import plain
from dfa_lab.records import Record
from dfa_lab.runs import manager as managing
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "pages").glob("*.py"))


def alerts(test: AppTest) -> str:
    return " ".join(one.value.replace("\\", "") for one in test.error)


def chart(test: AppTest) -> dict:
    """What the live chart is told, and what it is answered."""
    (proto,) = (one.proto for one in test.get("bidi_component") if one.proto.component_name == "dfa_lab_live")  # type: ignore[attr-defined]
    view = json.loads(proto.json)["view"]
    return view | json.loads(plain(route.answer(view["experiment"], 0)))


def button(test: AppTest, label: str):
    return next(one for one in test.button if one.label.split("\u2002")[0] == label)  # a key may follow


def until(condition: Callable[[], object]) -> None:
    over = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < over
        time.sleep(0.01)


TINY = {"num_hidden": 6, "rules": "bp,dfa", "epochs": 10_000, "batch_size": 512, "probe_size": 8, "device": "cpu"}


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
    assert not button(app, "Start").disabled


BAD = [
    (
        "text_input",
        "num_hidden",
        "0",
        "num_hidden (--num_hidden) is 0: give a whole number from 1 to 10000, or 2 to 200 of them",
    ),
    ("text_input", "num_hidden", "9;8", "num_hidden (--num_hidden) is '9;8': give a whole number from 1 to 10000, or 2 to 200"),
    ("number_input", "num_layers", 0, "num_layers (--num_layers) is 0: give a whole number from 1 to 200."),
    ("number_input", "num_layers", 201, "num_layers (--num_layers) is 201: give a whole number from 1 to 200."),
    ("text_input", "learning_rate", "0", "learning_rate (--LR) is 0: give a number above 0 and at most 100."),
    ("text_input", "learning_rate", "1e9", "learning_rate (--LR) is 1e9: give a number above 0 and at most 100."),
    ("text_input", "learning_rate", "fast", "learning_rate (--LR) is 'fast': give a number above 0 and at most 100."),
    ("number_input", "batch_size", 5000, "batch_size (--batchSize) is 5000: give at most 1437"),
    ("number_input", "threads", 999, "threads (--threads) is 999: give a whole number from 0 to 256."),
    ("text_input", "eps", "-1", "eps (--eps) is -1: give a number from 0 to 100."),
    ("radio", "format", "yuv", "format (--format) is 'yuv': give rgb for Digits"),
    ("text_input", "save", "../x", "save (--save) is '../x': give a name of at most 80 letters"),
    ("selectbox", "dataset", "mnist", "MNIST"),
    ("radio", "network", "conv", "network (--network) is 'conv': give mlp for digits"),
]


@pytest.mark.parametrize(("kind", "name", "value", "sentence"), BAD, ids=[f"{name}={value}" for _, name, value, _ in BAD])
def test_a_bad_setting_is_refused_in_its_sentence_and_start_is_off(app, kind, name, value, sentence):
    app.run()
    getattr(app, kind)(key=f"setting_{name}").set_value(value).run()
    assert not app.exception
    assert sentence in alerts(app)
    assert button(app, "Start").disabled


def test_every_setting_has_its_widget(app):
    app.run()
    assert not app.exception
    kinds = ("number_input", "text_input", "selectbox", "button_group", "radio", "toggle")
    keys = [one.key or "" for kind in kinds for one in getattr(app, kind)]
    there = {key.removeprefix("setting_") for key in keys if key.startswith("setting_")}
    elsewhere = {
        "models_folder",
        "processes",
        "preproc_folder",
        "device_number",
        "classes",
        "points",
        "datapath",
        "download",
        "incomplete",
        "svhn_extra",
        "conv_channels",
        "conv_hidden",
        "feedback_density",
        "feedback_rank",
        "momentum",
        "redraw",
        "dampening",
    }
    assert there == set(Experiment.model_fields) - elsewhere  # those of other data sets, networks, optimisers and machines
    app.selectbox(key="setting_optimizer").set_value("nag").run()
    assert app.text_input(key="setting_momentum").value == "0"
    assert "momentum (--momentum) is 0: give a number above 0" in alerts(app)
    app.text_input(key="setting_momentum").set_value("0.9").run()
    assert not app.error


def test_the_form_counts_what_is_trained_on(app):
    app.query_params.update({"dataset": "mnist", "train_samples": "500", "hold_out": "true"})
    app.run()
    assert "500 training and 10,000 test images" in [one.value for one in app.caption]
    app.number_input(key="setting_train_samples").set_value(0).run()
    assert "50,000 training and 10,000 test images" in [one.value for one in app.caption]


def test_a_network_file_is_not_run_unless_the_server_trusts_its_folder(app, tmp_path, monkeypatch):
    from app.shell.server import manager

    (tmp_path / "mine.py").write_text((ROOT / "examples" / "residual.py").read_text())
    app.query_params["network"] = "mine.py"
    app.run()
    assert not app.exception
    assert "network (--network) is 'mine.py'" in alerts(app) and "--models" in alerts(app)
    manager().close()
    manager.clear()
    monkeypatch.setenv("DFA_LAB_MODELS", str(tmp_path))
    app.run()
    assert not app.exception and alerts(app) == ""
    assert app.session_state["setting_network"] == "mine.py"
    assert app.toggle(key="setting_redraw").value is False
    monkeypatch.delenv("DFA_LAB_MODELS")
    manager().close()
    manager.clear()


def test_adversarial_training_has_curves_of_its_own(app):
    from app.shell.server import manager

    app.query_params["eps"], app.query_params["gradient"], app.query_params["epoch"] = "0.1", "dfa", "1"
    app.run()
    button(app, "Start").click().run()
    assert chart(app)["eps"] == 0.1
    id = app.query_params["experiment"]
    until = time.monotonic() + 120
    while (status := manager().status(id)) and status.state != "finished" and time.monotonic() < until:
        time.sleep(0.02)
    assert {"train_error_adversarial", "test_error_adversarial"} <= {r.metric for r in manager().records(id)}


def test_start_begins_what_the_form_says_and_the_link_names_it(app):
    from app.shell.server import manager

    app.run()
    app.text_input(key="setting_num_hidden").set_value("17").run()
    button(app, "Start").click().run()
    assert not app.exception
    id = app.query_params["experiment"]
    status = manager().status(id)
    assert status and status.experiment.num_hidden == 17


def test_units_of_each_layer_say_how_many_layers_there_are(app):
    from app.shell.server import manager

    app.query_params["num_hidden"] = "7,5,4"
    app.run()
    assert app.text_input(key="setting_num_hidden").value == "7, 5, 4"
    layers = [one for one in app.number_input if one.key == "setting_num_layers"]
    assert not layers and not app.error
    button(app, "Start").click().run()
    status = manager().status(app.query_params["experiment"])
    assert status and (status.experiment.num_layers, status.experiment.num_hidden) == (3, (7, 5, 4))
    app.text_input(key="setting_num_hidden").set_value("9, 6").run()
    assert not app.error and not app.exception
    app.text_input(key="setting_num_hidden").set_value("9").run()  # of the network that the change before has begun
    assert app.number_input(key="setting_num_layers").value == 2


def test_a_link_with_all_settings_fills_the_form(app):
    for name, value in {"gradient": "bp,dfa", "LR": "0.01", "num_layers": "4", "nonlin": "relu"}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    assert app.number_input(key="setting_num_layers").value == 4
    assert app.text_input(key="setting_learning_rate").value == "0.01"
    assert app.session_state["setting_rules"] == ["bp", "dfa"]
    assert app.session_state["setting_nonlin"] == "relu"
    assert "press Start" in app.info[0].value
    next(button for button in app.button if button.label == "Start").click().run()
    assert not app.info


def test_a_link_to_a_folder_of_the_server_is_refused(app, tmp_path):
    app.query_params["dataset"], app.query_params["datapath"] = "mnist", str(tmp_path)
    app.run()
    assert not app.exception
    assert "A link cannot choose files, folders or a download of this server: set them in the form." in alerts(app)
    assert app.text_input(key="setting_datapath").value == ""
    assert app.selectbox(key="setting_dataset").value == "mnist"


def test_the_learning_rate_reaches_what_runs(app):
    from app.shell.server import manager

    app.run()
    button(app, "Start").click().run()
    id = app.query_params["experiment"]
    app.text_input(key="rate_now").set_value("0.01").run()
    assert not app.exception and not app.error
    until(lambda: (status := manager().status(id)) and status.learning_rate == 0.01)
    app.text_input(key="rate_now").set_value("-1").run()
    assert "learning_rate (--LR) is -1: give a number above 0 and at most 100." in alerts(app)
    status = manager().status(id)
    assert status and status.learning_rate == 0.01


ENDS = [
    ("finished", "", "finished"),
    ("stopped", "", "stopped"),
    ("failed", "The loss of dfa is no longer a number.", "failed"),
    ("running", "The server stopped at step 3; everything measured until then is here.", "interrupted"),
]


@pytest.mark.parametrize("device", ["cpu", "cuda:63"])
@pytest.mark.parametrize(("left", "sentence", "state"), ENDS, ids=[state for *_, state in ENDS])
def test_a_link_to_an_experiment_of_an_earlier_server(app, tmp_path, left, sentence, state, device):
    experiment = parse({"num_hidden": 7, "LR": 0.1 + 0.2}).model_copy(update={"device": device})
    with closing(Store(tmp_path)) as store:
        store.create("old", experiment)
        store.add_records("old", [Record(0, "test_error", None, 0.5, 3, 0.1, 192, 0.2)])
        store.set_state("old", left, "" if left == "running" else sentence)
    app.query_params["experiment"] = "old"
    app.run()
    assert not app.exception and not app.error
    view = chart(app)
    assert (view["experiment"], view["status"]["state"], view["status"]["sentence"]) == ("old", state, sentence)
    assert (view["status"]["step"], [piece["value"] for piece in view["records"]]) == (3, [[0.5]])
    assert app.text_input(key="setting_num_hidden").value == "7"
    assert button(app, "Train on to 20 epochs") and button(app, "Step").disabled and not button(app, "Reset").disabled


def test_a_finished_demonstration(app, monkeypatch):
    from app.shell.server import manager

    monkeypatch.setattr(managing, "demonstration", lambda seed: (parse({**TINY, "epochs": 1, "seeds": seed}), 0.0))
    monkeypatch.setattr(managing, "DEMO_PAUSE", 600.0)
    id = manager().demo()
    until(lambda: (status := manager().status(id)) and status.state == "finished")
    app.run()
    assert not app.exception and not app.error
    view = chart(app)
    assert (view["experiment"], view["status"]["state"]) == (id, "finished")
    assert view["status"]["step"] == view["status"]["steps"] == 3 and view["records"]
    assert not button(app, "Start").disabled
