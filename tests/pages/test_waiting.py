"""While there is nothing to see: what is happening, and what to do meanwhile, on every page that shows a run."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.shell.pages import PAGES, PATH, Page
from app.shell.server import manager
from app.visit import waiting
from dfa_lab.runs.limits import Limits
from tests.runs.patience import status, tiny, until_state

ROOT = Path(__file__).parents[2]
OF_A_RUN = [page for page in PAGES if page.run]


def visit(app: AppTest, page: Page, id: str) -> AppTest:
    app.query_params["experiment"] = id
    app.run()
    if not page.default:
        app.switch_page(str(ROOT / "pages" / f"{page.name}.py")).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return " ".join(one.value for kind in (app.markdown, app.info, app.caption) for one in kind)


@pytest.mark.parametrize("page", OF_A_RUN, ids=lambda page: page.name)
def test_in_the_queue_the_place_is_said_and_the_demonstration_offered(app: AppTest, page: Page):
    manager().rules.limits = Limits(places=1, running=1)
    before = manager().start(tiny(), pace=20.0)
    until_state(manager(), before, "running")
    id = manager().start(tiny())
    assert status(manager(), id).state == "queued"
    visit(app, page, id)
    if page.pictures:
        assert "**Queued.** 1st in the queue" in said(app)
    app.button(key="waiting_demo").click().run()
    assert not app.exception
    assert "experiment" not in app.query_params
    assert status(manager(), id).state == "queued"  # it keeps its place
    assert not any(one.key == "waiting_demo" for one in app.button)


def test_what_is_loaded_has_a_bar_and_says_what_comes(app: AppTest):
    app.run()
    id = manager().demo()
    loading = replace(status(manager(), id), state="loading", sentence="", demo=False)

    def page(loading):
        from app.visit import waiting

        waiting.show(loading)

    shown = AppTest.from_function(page, kwargs={"loading": loading}).run()
    assert "**Loading.** Loading Digits" in said(shown)
    assert any('role="progressbar"' in one.proto.body for one in shown.get("html"))
    assert waiting.words(replace(loading, sentence="It is replayed.")) == ""
    assert waiting.words(replace(loading, state="running")) == ""


def test_where_nothing_can_go_on_nothing_offers_to(app: AppTest):
    id = manager().start(tiny(epochs=1))
    until_state(manager(), id, "finished")
    visit(app, PATH, id)
    app.button_group(key="path_mode").set_value("Slow motion").run()
    assert [one.label for one in app.button].count("Play") == 1
    assert not any(one.disabled for one in app.button if one.label == "Play")
    going = {one.key: one.disabled for one in app.toggle if one.key == "path_play"}
    assert not any(going.values())
