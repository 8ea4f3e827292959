"""What is chosen on the pages of pictures stands in the link, and a link chooses it."""

from pathlib import Path

import pytest

from tests.runs.patience import until_step

PAGES = Path(__file__).parents[2] / "pages"


def choice(app, label: str):
    return next(one for one in (*app.button_group, *app.selectbox) if one.label == label)


@pytest.mark.parametrize(
    ("page", "look", "label", "value"),
    [
        ("learnt", "view:Hidden layers,map:t-SNE", "Map", "t-SNE"),
        ("feedback", "rule:fa,block:2,part:one entry,unit:3,row:2,own:False", "Change", "one entry"),
        ("angles", "map:rank", "Map of", "rank"),
        ("path", "rules:dfa", "Rules", "dfa"),
    ],
)
def test_a_link_shows_what_was_chosen(app, page, look, label, value):
    from app.engine import manager
    from dfa_lab.parsing import parse

    id = manager().start(parse({"rules": "bp,fa,dfa", "num_hidden": 8, "epochs": 1000, "device": "cpu"}), pace=20)
    until_step(manager(), id, 1)
    app.query_params.update({"experiment": id, "look": look})
    app.run()
    app.switch_page(str(PAGES / f"{page}.py")).run()
    assert not app.exception and not [one.value for one in app.error]
    assert choice(app, label).value == value
    said = app.query_params["look"]
    assert (said if isinstance(said, str) else said[0]) == look
    manager().stop(id)


def test_nonsense_in_a_link_shows_what_is_usual(app):
    app.query_params["look"] = "view:<b>,rule:nobody,layer:99,eps:nan,,x"
    app.switch_page(str(PAGES / "learnt.py")).run()
    assert not app.exception and not app.error
    assert choice(app, "View").value == "First-layer weights" and "look" not in app.query_params
    choice(app, "View").set_value("Confusions").run()
    assert app.query_params["look"] == "view:Confusions"
