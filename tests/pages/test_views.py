"""The views of "What it has learnt" are found by their files."""

from importlib import import_module
from pathlib import Path

import pytest

from app.learnt.views import VIEWS

FOLDER = Path(__file__).parents[2] / "app" / "learnt" / "views"
FILES = sorted(path.stem for path in FOLDER.glob("*.py") if path.name != "__init__.py")
OF_POINTS = ["Decision surfaces", "Hidden units", "Hidden layers"]
OF_IMAGES = ["First-layer weights", "Confusions", "Worst mistakes", "Adversarial images", "Hidden layers"]


def test_every_file_is_a_view():
    assert len(VIEWS) == len(FILES)
    for values in zip(*((view.title, view.about, view.place, view.draw) for view in VIEWS), strict=True):
        assert len(set(values)) == len(VIEWS)
    assert {name for view in VIEWS for name in view.asks} <= {"points", "rule", "map", "layer", "eps"}


@pytest.mark.parametrize("name", FILES)
def test_a_file_has_one_view_and_it_is_in_the_list(name: str):
    view = import_module(f"app.learnt.views.{name}").VIEW
    assert VIEWS.count(view) == 1
    assert view.title and view.about.endswith(".")
    assert view.offered((2,)) or view.offered((1, 8, 8))


def test_points_and_images_are_offered_what_can_be_seen_of_them():
    """Of the views that came with the lab; others may stand between them."""
    known = [view for view in VIEWS if view.title in OF_POINTS + OF_IMAGES]
    assert [view.title for view in known if view.offered((2,))] == OF_POINTS
    assert [view.title for view in known if view.offered((1, 8, 8))] == OF_IMAGES
