"""Data sets are chosen by pictures of their own samples; what is not on this machine has none."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.charts import pictures
from app.form import thumbnails
from dfa_lab import data
from dfa_lab.data.sets import digits
from dfa_lab.settings.experiment import DATASETS, ON_DISK
from tests.data.data_files import mnist
from tests.pages.test_suited import differing, formed, said


def shown(app: AppTest) -> dict[str, Image.Image]:
    """The picture of each data set that has one, by its title."""
    (pills,) = [one for one in app.button_group if one.key == thumbnails.KEY]
    found = {}
    for option in pills.options:
        text = option if isinstance(option, str) else option.content
        title, packed = re.fullmatch(r"!\[(.+)\]\(data:image/png;base64,(.+)\)", text).groups()  # pyright: ignore[reportOptionalMemberAccess]
        found[title] = Image.open(io.BytesIO(base64.b64decode(packed)))
    return found


def choose(app: AppTest, name: str | None) -> AppTest:
    next(one for one in app.button_group if one.key == thumbnails.KEY).set_value(name).run()
    assert not app.exception
    return app


def test_what_is_here_has_a_picture_and_nothing_else(app: AppTest) -> None:
    assert list(shown(app.run())) == [data.facts(name).title for name in DATASETS if name not in ON_DISK]


def test_the_picture_is_the_data(app: AppTest) -> None:
    found = shown(app.run())
    first = np.asarray(found["Digits"].convert("L"))
    x = digits.load(None, False, 2).x_train[:4, 0] * 255.0 / 16  # pyright: ignore[reportArgumentType]
    times = len(first) // 16
    expected = np.block([[x[0], x[1]], [x[2], x[3]]]).repeat(times, 0).repeat(times, 1)
    assert np.abs(first - expected).max() <= 1
    moons = np.asarray(found["Moons"].convert("RGBA"))
    marked = moons[moons[..., 3] > 200][:, :3].astype(int)
    for number in range(3):
        colour = [int(pictures.style(number)[0][at : at + 2], 16) for at in (1, 3, 5)]
        near = (np.abs(marked - colour).max(axis=1) < 24).mean()
        assert near > 0.25 if number < 2 else near < 0.01


def test_a_set_gets_its_picture_once_it_is_here(app: AppTest, tmp_path) -> None:
    assert "MNIST" not in shown(app.run())
    mnist(tmp_path / "no data")
    assert "MNIST" in shown(app.run())


@pytest.mark.parametrize("again", ["xor", None])
def test_a_picture_chooses_as_the_list_does(app: AppTest, again: str | None) -> None:
    choose(app.run(), "spirals")
    assert formed(app) == {"dataset": "spirals", **differing("spirals")} and said(app)
    assert app.selectbox(key="setting_dataset").value == "spirals"
    choose(app, again)  # None: a second press on what is chosen
    assert app.selectbox(key="setting_dataset").value == (again or "spirals")
    assert app.session_state[thumbnails.KEY] == (again or "spirals")


def test_the_list_chooses_the_picture(app: AppTest) -> None:
    app.run().selectbox(key="setting_dataset").set_value("moons").run()
    assert app.session_state[thumbnails.KEY] == "moons"
    app.selectbox(key="setting_dataset").set_value("mnist").run()  # has none here
    assert app.session_state[thumbnails.KEY] is None and not app.exception


def test_more_classes_are_drawn(app: AppTest) -> None:
    app.run().selectbox(key="setting_dataset").set_value("gaussians").run()
    two = np.asarray(shown(app)["Gaussians"].convert("RGBA"))
    app.number_input(key="setting_classes").set_value(5).run()
    assert (np.asarray(shown(app)["Gaussians"].convert("RGBA")) != two).any()
