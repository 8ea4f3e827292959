"""What is chosen on the pages of pictures stands in the link, and a link chooses it."""

from pathlib import Path

import pytest

from tests.runs.patience import until, until_state, until_step

PAGES = Path(__file__).parents[2] / "pages"


def choice(app, label: str):
    return next(one for one in (*app.button_group, *app.selectbox) if one.label == label)


@pytest.mark.parametrize(
    ("page", "look", "label", "value"),
    [
        ("learnt", "view:Hidden layers,map:t-SNE", "Map", "t-SNE"),
        ("learnt", "view:Hidden layers,map:t-SNE,samples:200", "Test samples", 200),
        ("feedback", "rule:fa,block:2,part:one entry,unit:3,row:2,own:False", "Change", "one entry"),
        ("angles", "map:rank", "Map of", "rank"),
        ("path", "rules:dfa", "Rules", "dfa"),
    ],
)
def test_a_link_shows_what_was_chosen(app, page, look, label, value):
    from app.shell.server import manager
    from dfa_lab.settings.parsing import parse

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


@pytest.mark.parametrize("past", [False, True])
def test_a_link_leads_to_a_phase_of_slow_motion_of_what_waits(app, past):
    from app.shell.server import manager
    from dfa_lab.settings.parsing import parse

    id = manager().start(parse({"rules": "bp,dfa", "num_hidden": 8, "epochs": 1000, "device": "cpu"}), pace=40)
    until_step(manager(), id, 3)
    look = "mode:Slow motion,phase:feedback"
    if not past:
        manager().pause(id)
        until_state(manager(), id, "paused")
    app.query_params.update({"experiment": id, "look": look} | ({"at": "2"} if past else {}))
    app.run()
    app.switch_page(str(PAGES / "path.py")).run()
    if past:
        until(lambda: all(one.over for one in manager().replays._known.values()))
        app.run()
    assert not app.exception and choice(app, "View").value == "Slow motion"
    assert "**3. Feedback.**" in " ".join(one.value for one in app.markdown)
    status = manager().status(id)
    assert status and status.state == ("running" if past else "paused")
    app.button(key="path_next").click().run()
    assert "".join(app.query_params["look"]) == "mode:Slow motion,phase:update"


def test_slow_motion_in_a_link_pauses_nothing(app):
    from app.shell.server import manager
    from dfa_lab.settings.parsing import parse

    id = manager().start(parse({"rules": "dfa", "num_hidden": 8, "epochs": 1000, "device": "cpu"}), pace=20)
    until_step(manager(), id, 1)
    app.query_params.update({"experiment": id, "look": "mode:Slow motion,phase:error", "layer": "2"})
    app.run()
    app.switch_page(str(PAGES / "path.py")).run()
    assert not app.exception and not [one.value for one in app.error]
    assert choice(app, "View").value == "Live" and (now := manager().status(id)) and now.state == "running"


def test_nonsense_in_a_link_shows_what_is_usual(app):
    app.query_params["look"] = "view:<b>,rule:nobody,layer:99,eps:nan,,x"
    app.switch_page(str(PAGES / "learnt.py")).run()
    assert not app.exception and not app.error
    assert choice(app, "View").value == "First-layer weights" and "look" not in app.query_params
    choice(app, "View").set_value("Confusions").run()
    assert app.query_params["look"] == "view:Confusions"


def test_a_link_opens_the_board_beside_the_pictures(app):
    from app.shell.server import manager
    from tests.runs.patience import tiny

    id = manager().start(tiny(dataset="spirals"))
    until_step(manager(), id, 1)
    app.query_params.update({"experiment": id, "look": "board:open"})
    app.run()
    app.switch_page(str(PAGES / "learnt.py")).run()
    assert not app.exception and app.toggle(key="draw_own").value
    assert "".join(app.query_params["look"]) == "board:open"
    app.toggle(key="draw_own").set_value(False).run()
    assert "look" not in app.query_params
