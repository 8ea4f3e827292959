"""The views of "What it has learnt" are found by their files."""

from pathlib import Path

from app.learnt.views import VIEWS

FOLDER = Path(__file__).parents[2] / "app" / "learnt" / "views"


def test_every_file_is_a_view():
    assert len(VIEWS) == len([path for path in FOLDER.glob("*.py") if path.name != "__init__.py"])
    for values in zip(*((view.title, view.about, view.place, view.draw) for view in VIEWS), strict=True):
        assert len(set(values)) == len(VIEWS)
    assert {name for view in VIEWS for name in view.asks} <= {"points", "rule", "map", "layer", "eps"}


def test_points_and_images_are_offered_what_can_be_seen_of_them():
    assert [view.title for view in VIEWS if view.offered((2,))] == ["Decision surfaces", "Hidden units", "Hidden layers"]
    assert [view.title for view in VIEWS if view.offered((1, 8, 8))] == [
        "First-layer weights",
        "Confusions",
        "Worst mistakes",
        "Adversarial images",
        "Hidden layers",
    ]
