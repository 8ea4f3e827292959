"""The scrubber: a chosen step is what every picture shows, wherever the visitor goes, until now is chosen again."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from dfa_lab.settings.parsing import parse
from tests.runs.patience import status, until, until_state, until_step

ROOT = Path(__file__).parents[2]
SMALL = {"num_hidden": 20, "rules": "fa,dfa", "batch_size": 500, "probe_size": 8, "device": "cpu"}


def begin(pace: float = 100, **settings: object) -> str:
    from app.shell.server import manager

    return manager().start(parse(SMALL | settings), pace=pace)


def finished(epochs: int = 10, **settings: object) -> str:
    from app.shell.server import manager

    id = begin(0, epochs=epochs, **settings)
    until_state(manager(), id, "finished")
    until(lambda: manager()._lives[id].trainer is None)
    return id


def opened(app: AppTest, page: str, **params: str) -> AppTest:
    for name, value in params.items():
        app.query_params[name] = value
    app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return " ".join(one.value for one in [*app.markdown, *app.caption, *app.error, *app.info, *app.warning])


def slider(app: AppTest):
    return next(one for one in app.slider if one.label == "Step")


def to(app: AppTest, step: int) -> None:
    slider(app).set_value(step).run()
    settle(app)


def settle(app: AppTest) -> None:
    """Wait for the replay, as the ticking bar does."""
    from app.shell.server import manager
    from app.visit import moment, watching  # noqa: F401

    until(lambda: all(one.over for one in manager().replays._known.values()))
    app.run()
    assert not app.exception


def press(app: AppTest, label: str) -> None:
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception


def link(app: AppTest, name: str) -> str:
    return "".join(app.query_params.get(name, ""))


def pictures(app: AppTest) -> str:
    return " ".join(one.proto.body for one in app.get("html"))  # type: ignore[attr-defined]


def test_a_finished_one_is_open_at_its_last_step_and_every_picture_follows(app):
    opened(app, "learnt", experiment=finished())
    assert "**Step 30 of 30, epoch 10.0**: replayed, the last one." in words(app)
    last = pictures(app)
    assert 'alt="Weights of unit 1 of the first layer, dfa."' in last
    to(app, 4)
    assert "**Step 4 of 30, epoch 1.3**: replayed." in words(app) and "bit for bit" in words(app)
    assert "Step 4 of 30, epoch 1.3: replayed." in words(app)  # the page's own words
    assert link(app, "at") == "4"
    early = pictures(app)
    assert early != last
    press(app, "Step on")
    assert "**Step 5 of 30" in words(app)
    press(app, "Step back")
    settle(app)
    assert pictures(app) == early  # of this moment, not of the one before
    opened(app, "feedback")
    assert "**Step 4 of 30, epoch 1.3**: replayed." in words(app) and link(app, "at") == "4"
    assert "The past cannot be changed." in words(app) and app.button(key="feedback_flip").disabled
    opened(app, "lab")
    assert "The line in the charts: **Step 4 of 30" in words(app)
    app.button(key="moment_note_now").click().run()
    assert "The line in the charts" not in words(app) and not link(app, "at")


def test_back_to_now_everything_is_live_and_can_be_changed(app):
    from app.shell.server import manager

    id = begin(epochs=10_000)
    until_step(manager(), id, 12)
    opened(app, "feedback", experiment=id, at="5")
    settle(app)
    assert "**Step 5 of " in words(app) and "press Now" not in words(app) and "Press Now and change B there." in words(app)
    app.button(key="moment_now").click().run()
    assert "**Now**, as it trains." in words(app) and not app.button(key="feedback_flip").disabled
    assert not link(app, "at") and link(app, "experiment") == id
    to(app, 5)
    opened(app, "learnt")
    assert "**Step 5 of " in words(app)
    before = pictures(app)
    until_step(manager(), id, status(manager(), id).step + 10)
    app.run()
    assert pictures(app) == before
    app.button(key="moment_now").click().run()
    assert pictures(app) != before


def test_another_experiment_and_a_wrong_link_are_shown_as_they_are(app):
    first, other = finished(), finished(epochs=5)
    opened(app, "lab", experiment=first, at="999")
    assert "The link asks for step '999'" in words(app) and "0 to 30" in words(app) and not link(app, "at")
    opened(app, "experiments")
    app.text_input(key="runs_text").set_value(other).run()
    app.button(key="runs_look_inside").click().run()
    assert not app.exception and "**Step 15 of 15" in words(app)
    to(app, 3)
    opened(app, "experiments")
    app.text_input(key="runs_text").set_value(first).run()
    app.button(key="runs_open_chosen").click().run()
    assert "The line in the charts" not in words(app) and not link(app, "at")


def test_a_film_goes_on_by_itself_and_ends(app):
    opened(app, "learnt", experiment=finished(epochs=2))
    press(app, "Play")
    for _ in range(40):
        settle(app)
        if "**Step 6 of 6" in words(app) and not app.session_state["moment_playing"]:
            break
    assert "**Step 6 of 6" in words(app) and not app.session_state["moment_playing"]


def test_what_takes_long_is_asked_for(app, monkeypatch):
    from app.shell.server import manager
    from app.visit import moment

    monkeypatch.setattr(moment, "QUICK", -1.0)
    id = finished()
    opened(app, "learnt", experiment=id)
    assert "choose a moment and it is replayed" in words(app)
    app.button(key="moment_last").click().run()
    settle(app)
    assert "**Step 30 of 30" in words(app) and pictures(app)
    manager().delete(id)
    app.run()
    assert not app.exception


def test_the_demonstration_has_a_past_until_it_begins_again(app):
    from app.shell.server import manager

    opened(app, "learnt")
    until_step(manager(), manager().demo(), 3)
    app.run()
    to(app, 1)
    assert "**Step 1 of " in words(app) and link(app, "at") == "1"
    manager().delete(manager().demo())
    app.run()
    assert not app.exception and not link(app, "at")


def test_before_the_first_step_it_says_so_and_comes_by_itself(app):
    from app.shell.server import manager

    id = manager().start(parse(SMALL | {"epochs": 100}), paused=True)
    until_state(manager(), id, "paused")
    opened(app, "lab", experiment=id)
    assert "No step has been trained yet" in words(app) and not [one for one in app.slider if one.label == "Step"]
    opened(app, "learnt")
    assert not [one for one in app.slider if one.label == "Step"]
    manager().step(id)
    until_step(manager(), id, 1)
    app.run()
    assert slider(app).value == 1
