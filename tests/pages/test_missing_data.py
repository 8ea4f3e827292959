"""A data set that a shared server has not got: visitors are told so, and only who keeps the server reads where it looked."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.people import identity
from app.shell.server import manager
from dfa_lab.runs.rights import Visitor
from dfa_lab.settings.parsing import parse
from dfa_lab.train.failures import NOT_OFFERED
from tests.runs.patience import status, until_state

ROOT = Path(__file__).parents[2]
SAID = NOT_OFFERED.format("MNIST")


@pytest.fixture
def folder(app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Without data sets, on a shared server."""
    folder = tmp_path / "no data sets"
    folder.mkdir()
    monkeypatch.setenv("DFA_LAB_DATA", str(folder))
    monkeypatch.setenv("DFA_LAB_SHARED", "1")
    return folder


def texts(app: AppTest) -> str:
    return "\n".join(one.value.replace("\\", "") for one in (*app.error, *app.warning, *app.info, *app.markdown, *app.caption))


@pytest.mark.parametrize("keeps", [False, True])
def test_pages(app: AppTest, folder: Path, keeps: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.people.administrator.known", lambda cookie: keeps)
    app.query_params["dataset"] = "mnist"
    app.run()
    for page in ("", "proofs", "reproduce"):
        if page:
            app.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
        assert not app.exception
        assert (str(folder) in texts(app), SAID in texts(app)) == (keeps, not keeps), page
    downloads = [one for one in app.toggle if "Download" in one.label]
    assert bool(downloads) == keeps


def test_what_has_failed_for_want_of_them(app: AppTest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app.run()
    acting = Visitor("alice")
    monkeypatch.setattr(identity, "visitor", lambda: acting)
    monkeypatch.setattr(manager().rights, "who", lambda: acting)
    id = manager().start(parse({"dataset": "mnist", "device": "cpu"}))
    until_state(manager(), id, "failed")
    assert status(manager(), id).sentence == SAID
    acting = Visitor("", administrator=True)
    id = manager().start(parse({"dataset": "mnist", "device": "cpu"}))
    until_state(manager(), id, "failed")
    assert str(folder) in status(manager(), id).sentence
