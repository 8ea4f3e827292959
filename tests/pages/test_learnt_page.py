"""The page "What it has learnt": every view draws what it says, in words too, and outlives the networks."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.charts import pictures
from app.learnt import views
from dfa_lab.settings.parsing import parse
from tests.runs.patience import status, until, until_state, until_step

ROOT = Path(__file__).parents[2]
SMALL = {"num_hidden": 40, "rules": "bp,dfa", "batch_size": 500, "epochs": 10_000, "probe_size": 8, "device": "cpu"}


def attach(app: AppTest, **settings: object) -> str:
    """Begin an experiment and open the page on it; its id."""
    from app.shell.server import manager

    id = manager().start(parse(SMALL | settings), pace=50)
    until_step(manager(), id, 2)
    app.query_params["experiment"] = id
    app.run()
    app.switch_page(str(ROOT / "pages" / "learnt.py")).run()
    assert not app.exception
    return id


def html(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html"))  # type: ignore[attr-defined]


def captions(app: AppTest) -> str:
    return " ".join(one.value for one in app.caption)


def view(app: AppTest, name: str) -> str:
    next(one for one in app.button_group if one.label == "View").set_value(name).run()
    assert not app.exception
    return html(app)


def test_points_in_the_plane(app):
    attach(app, dataset="gaussians", classes=3, seeds="4,5")
    shown = html(app)
    for rule in ("bp", "dfa"):
        assert f'alt="Decision surface of {rule}: 3 classes in the plane, ' in shown
    assert shown.count("data:image/svg+xml") == 2 + 3 and "data:image/png" in shown  # two panels and a legend of three
    assert "200 of the 500 test points are drawn." in captions(app)
    next(one for one in app.button_group if one.label == "Points").set_value("none").run()
    assert "points are drawn" not in captions(app)
    app.selectbox(key="learnt_seed_(4, 5)").set_value(5).run()
    assert not app.exception

    shown = view(app, "Hidden units")
    assert shown.count("<img") == 32 and "32 of 40 units" in shown
    next(one for one in app.button_group if one.label == "Rule").set_value("dfa").run()
    next(one for one in app.button_group if one.label == "Hidden layer").set_value(2).run()
    assert 'alt="Activity of unit 32 of hidden layer 2 over the plane, dfa."' in html(app)
    shown = view(app, "Hidden layers")
    assert shown.count("500 test samples as hidden layer 2 of ") == 2
    assert next(one for one in app.button_group if one.label == "Hidden layer").value == 2  # what was chosen stays


def test_images_and_what_is_left_when_the_networks_are_gone(app):
    from app.shell.server import manager

    id = attach(app, dataset="digits")
    shown = html(app)
    assert shown.count('alt="Weights of unit') == 2 * 32 and "32 of 40 units" in shown
    shown = view(app, "Confusions")
    assert shown.count("<table") == 2 and "360 test samples" in captions(app)
    assert view(app, "Worst mistakes").count(" takes for ") == 2 * 12
    shown = view(app, "Adversarial images")
    assert shown.count('alt="As it is: ') == shown.count('alt="Moved: ') == 2 * 6
    next(one for one in app.slider if one.label.startswith("ε")).set_value(0.3).run()
    assert html(app).count('alt="Moved: ') == 2 * 6
    assert view(app, "Hidden layers").count("360 test samples as hidden layer 1 of ") == 2
    manager().stop(id)
    until_state(manager(), id, "stopped")
    until(lambda: manager()._lives[id].trainer is None)
    assert view(app, "Confusions").count("<table") == 2  # of its last step, which is replayed
    assert f"Step {status(manager(), id).step:,} of" in captions(app) and "replayed" in captions(app)


@pytest.mark.parametrize("name", sorted(path.stem for path in Path(views.__file__).parent.glob("[!_]*.py")))
def test_every_view_is_drawn_where_it_is_offered(app, name):
    of = import_module(f"app.learnt.views.{name}").VIEW
    app.query_params["look"] = f"view:{of.title}"
    attach(app, dataset="gaussians" if of.offered((2,)) else "digits")
    assert next(one for one in app.button_group if one.label == "View").value == of.title
    assert f"{of.about} Step " in captions(app)
    shown = html(app)
    assert all(rule in shown for rule in (["bp"] if "rule" in of.asks else ["bp", "dfa"]))


def test_who_opens_it_first_sees_the_demonstration(app):
    from app.shell.server import manager

    app.switch_page(str(ROOT / "pages" / "learnt.py")).run()
    until_step(manager(), manager().demo(), 1)
    app.run()
    assert not app.exception
    assert 'alt="Weights of unit 1 of the first layer, fa."' in html(app)


def test_a_hundred_classes_are_told_apart_and_colours_say_how_sure():
    assert len({pictures.style(number) for number in range(100)}) == 100
    given, sure = np.array([0, 0, 1, 1]), np.array([0.0, 1.0, 0.0, 1.0])
    pixels = pictures.surface_pixels(given, sure, "light")
    assert pixels.shape == (2, 2, 3) and (pixels[:, 0] == 255).all()  # unsure: the ground, whichever class
    spread = np.ptp(pixels[:, 1], axis=-1)
    assert (spread > 100).all()
    signed = pictures.signed_pixels(np.array([[-1.0, 0.0, 1.0]]), "dark")
    assert signed[0].tolist() == [list(pictures.MINUS), list(pictures.GROUNDS["dark"]), list(pictures.PLUS)]
