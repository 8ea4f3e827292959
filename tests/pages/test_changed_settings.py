"""A changed setting begins a small problem anew at once; a large one is marked, and waits for Start."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from dfa_lab.runs.live import ACTIVE
from tests.pages.test_pages import button
from tests.pages.test_scrubber import link
from tests.runs.patience import status, until, until_state


def manager():
    from app.shell.server import manager

    return manager()


def change(app: AppTest, **settings: object) -> None:
    """All at once, and then the page runs."""
    for name, value in settings.items():
        boxes = [one for kind in ("number_input", "text_input", "selectbox") for one in getattr(app, kind)]
        next(one for one in boxes if one.key == f"setting_{name}").set_value(value)
    app.run()
    assert not app.exception


def mark(app: AppTest) -> str:
    return " ".join(one.value for one in app.markdown if "Settings changed" in one.value)


def chart(app: AppTest) -> dict:
    found = [json.loads(one.proto.json) for one in app.get("bidi_component") if '"runs"' in one.proto.json]  # type: ignore[attr-defined]
    return next(one["view"] for one in found if "before" in one["view"])


def begun(app: AppTest) -> str:
    """Change a setting on the demonstration: what has begun with it."""
    change(app, dataset="gaussians")
    return link(app, "experiment")


def test_a_change_begins_an_experiment_of_ones_own_with_what_the_form_says(app: AppTest) -> None:
    app.run()
    id = begun(app)
    assert not mark(app) and not app.error
    assert status(manager(), id).experiment.dataset == "gaussians" and not status(manager(), id).demo
    assert chart(app)["experiment"] == id and chart(app)["before"] is None  # the demonstration was nobody's choice


def test_the_next_change_takes_its_place_and_leaves_its_curves_to_compare(app: AppTest, monkeypatch) -> None:
    monkeypatch.setattr("app.bar.changed_settings.UNSEEN", 0.0)
    app.run()
    first = begun(app)
    manager().pause(first)
    change(app, learning_rate="0.02", num_hidden="30")
    second = link(app, "experiment")
    assert second != first and status(manager(), second).state in ("loading", "paused")  # as what it takes the place of
    assert status(manager(), second).experiment.num_hidden == 30
    until_state(manager(), first, "stopped")  # and what it had is kept
    assert chart(app)["before"] == {"experiment": first, "had": "100 units a layer, learning rate 0.001"}


def test_what_nobody_had_time_to_look_at_leaves_no_trace_unless_it_was_shared(app: AppTest, monkeypatch) -> None:
    monkeypatch.setattr("app.bar.changed_settings.UNSEEN", 1e6)
    app.run()
    first = begun(app)
    change(app, learning_rate="0.02")
    second = link(app, "experiment")
    until(lambda: manager().store.get(first) is None, "the end of the first")
    app.session_state["share"] = True  # as opening the popover does
    app.run()
    change(app, learning_rate="0.03")
    manager().store.flush()
    assert link(app, "experiment") != second and manager().store.get(second) is not None


def test_changes_that_come_to_the_same_begin_nothing(app: AppTest) -> None:
    app.run()
    first = begun(app)
    change(app, learning_rate="0.0010")
    assert link(app, "experiment") == first and not mark(app)


def test_a_large_problem_waits_for_start_and_says_what_has_changed(app: AppTest) -> None:
    app.run()
    first = begun(app)
    change(app, epochs=90_000, learning_rate="0.02")
    assert link(app, "experiment") == first  # nothing was begun
    assert "not on screen yet: learning rate, epochs. Press **Start**" in mark(app)
    before = manager().store.get(first)
    button(app, "Start").click().run()
    second = link(app, "experiment")
    assert second != first and not mark(app) and status(manager(), second).experiment.epochs == 90_000
    assert chart(app)["before"] == {"experiment": first, "had": "learning rate 0.001, 20 epochs"}
    change(app, epochs=20)
    assert link(app, "experiment") not in (first, second)
    assert status(manager(), second).state in ACTIVE and before  # what is long goes on: somebody waits for it


def test_a_setting_that_cannot_be_begins_nothing_and_says_why(app: AppTest) -> None:
    app.run()
    first = begun(app)
    change(app, learning_rate="fast")
    assert link(app, "experiment") == first and "fast" in app.error[0].value
    change(app, learning_rate="0.02")
    assert link(app, "experiment") != first and not app.error


@pytest.mark.parametrize("name", ["save", "dataset"])
def test_what_writes_a_name_or_needs_files_is_not_begun_by_itself(app: AppTest, name: str) -> None:
    app.run()
    first = begun(app)
    change(app, **{name: {"save": "mine", "dataset": "mnist"}[name]})
    assert link(app, "experiment") == first


def test_a_copy_of_the_demonstration_is_marked_as_not_what_the_form_says(app: AppTest) -> None:
    app.run()
    button(app, "Pause").click().run()
    assert "batch size" in mark(app)
