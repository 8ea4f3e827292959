"""Export in the Lab and Import on the page Experiments: what leaves by the one comes in by the other."""

import re
import time
from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from app.bar import export_zip
from app.shell.server import manager
from dfa_lab.settings.parsing import parse
from tests.export.zips import contents, rewritten

TINY = {"num_hidden": 6, "rules": "bp,dfa", "epochs": 1000, "batch_size": 512, "probe_size": 8, "device": "cpu"}
EXPERIMENTS = "../pages/experiments.py"


def started(**settings: object) -> str:
    id = manager().start(parse(TINY | settings))
    until(lambda: (status := manager().status(id)) is not None and status.step >= 4)
    manager().pause(id)
    return id


def until(condition: Callable[[], object]) -> None:
    over = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < over
        time.sleep(0.01)


def captions(app: AppTest) -> str:
    return " ".join(one.value for one in app.caption)


def test_the_popover_offers_zip_report_and_script(app: AppTest) -> None:
    app.run()
    labels = [one.label for one in app.download_button]
    assert labels == ["Everything, one zip", "Report, one page", "PyTorch script"]


def test_what_the_script_does_not_know_is_said_instead(app: AppTest) -> None:
    app.run()
    status = manager().status(started(dropout=1))
    assert status
    app.session_state["watched"] = status.id
    app.run()
    assert [one.label for one in app.download_button] == ["Everything, one zip", "Report, one page"]
    assert "it does not know dropout (--dropout) 1" in captions(app)


def test_a_zip_is_imported_and_opened(app: AppTest) -> None:
    app.run()
    id = started()
    raw = export_zip.zipped(id, "http://here/?dataset=digits")()
    files = contents(raw)
    assert b"http://here/?dataset=digits" in files["command.txt"]
    assert files["curves.png"].startswith(b"\x89PNG") and files["report.html"] == export_zip.page(id)()
    assert re.search(rb"<h1>bp, dfa on digits", files["report.html"])
    manager().delete(id)
    assert manager().status(id) is None
    app.switch_page(EXPERIMENTS).run()
    app.file_uploader[0].set_value(("mine.zip", raw, "application/zip")).run()
    app.button(key="import_now").click().run()
    assert not app.exception and [one.value for one in app.success] == [f"Imported as {id}."]
    stored = manager().store.get(id)
    assert stored and stored.state == "stopped"
    assert id in [one.id for one in manager().store.experiments(demos=False)]  # what the page lists
    assert not app.file_uploader[0].value
    app.button(key="import_open").click().run()
    assert not app.exception and manager().records(id)
    (proto,) = (one.proto for one in app.get("bidi_component") if one.proto.component_name == "dfa_lab_live")  # type: ignore[attr-defined]
    assert '"dfa"' in proto.json
    step = manager().checkpoints.step(id, parse(TINY))  # its weights came along
    manager().continue_stored(id)
    until(lambda: (status := manager().status(id)) is not None and status.state == "running" and status.step > step)


def test_a_zip_that_is_refused_says_why_and_loses_nothing(app: AppTest) -> None:
    app.run()
    id = started()
    raw = export_zip.zipped(id, "")()
    app.switch_page(EXPERIMENTS).run()
    before = [one.id for one in manager().store.experiments()]
    for zip, says in ((b"PK", "not a zip file"), (rewritten(raw, {"x.pkl": b"x"}), "no file of an export")):
        app.file_uploader[0].set_value(("<b>bad.zip", zip, "application/zip")).run()
        app.button(key="import_now").click().run()
        assert not app.exception
        assert any(says in one.value.replace("\\", "") and "&lt;b" in one.value for one in app.error)
        assert [one.id for one in manager().store.experiments()] == before
    assert not list(manager().store.folder.glob("import-*"))
