"""The guided first visit, on the server's side: when it begins, when it is offered, when it waits; and its texts."""

import re
import shutil
from pathlib import Path

import pytest

from app.guide import first_visit
from app.visit.session import session

APP = Path(__file__).parents[2] / "app"
TEXTS = first_visit.texts("")


@pytest.mark.parametrize(
    ("said", "how"),
    [
        ({}, first_visit.BEGINS),
        ({"language": "en"}, first_visit.BEGINS),
        ({"guide": "false"}, first_visit.WAITS),
        ({"guide": "false", "dataset": "moons"}, first_visit.WAITS),
        ({"dataset": "moons"}, first_visit.OFFERS),
        ({"hide": "training"}, first_visit.OFFERS),
        ({"experiment": "gone"}, first_visit.OFFERS),
    ],
)
def test_how_it_begins_depends_on_the_link(app, monkeypatch: pytest.MonkeyPatch, said: dict[str, str], how: str) -> None:
    drawn = []
    monkeypatch.setattr(first_visit._picture, "draw", lambda view, key: drawn.append(view))
    app.query_params.update(said)
    app.run()
    assert not app.exception
    assert [view["how"] for view in drawn] == [how]
    assert drawn[0]["texts"] == TEXTS
    app.run()
    assert [view["how"] for view in drawn] == [how, how]


@pytest.mark.parametrize("said", ["projector"])
def test_a_projector_has_nothing_of_it(app, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    drawn = []
    monkeypatch.setattr(first_visit._picture, "draw", lambda view, key: drawn.append(view))
    app.query_params[said] = "true"
    app.run()
    assert not app.exception and drawn == []


def test_the_link_keeps_saying_that_there_is_none(app) -> None:
    app.query_params.update({"guide": "false"})
    app.run()
    app.button(key="reset").click().run()  # a run of one's own, which the address then names
    assert app.query_params["guide"] == "false" and "experiment" in app.query_params
    assert session.guide == ""  # of that session alone


def test_the_five_steps_have_their_texts_and_no_text_is_left_over() -> None:
    code = (APP / "guide" / "sights.js").read_text(encoding="utf-8")
    named = set(re.findall(r'sight\(\s*"(\w+)"', code)) | {"images", "plane"}  # a picture's kind of answers
    assert named == TEXTS["steps"].keys()
    places = {place for step in TEXTS["steps"].values() for place in re.findall(r"{(\w+)}", step["title"] + step["text"])}
    assert places <= {"title", "way"}


def test_no_text_stands_in_its_code() -> None:
    code = [file.read_text(encoding="utf-8") for file in (APP / "guide").glob("*.js")]
    strings = [text for one in code for text in re.findall(r'"([^"\n]*)"', re.sub(r"//.*", "", one))]
    wordy = [text for text in strings if re.search(r"[a-z]{2,} [a-z]{2,}|^[A-Z][a-z]{2,}$", text)]
    assert len(strings) > 50 and [text for text in wordy if text != "Escape"] == []


def test_another_language_is_one_more_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copy(first_visit.FILE, tmp_path)
    (tmp_path / "guide.de.toml").write_text('next = "Weiter"\n[steps.path]\ntitle = "Der Fehler"\n', encoding="utf-8")
    monkeypatch.setattr(first_visit, "FILE", tmp_path / "guide.toml")
    german = first_visit.texts.__wrapped__("de")
    assert first_visit.languages.__wrapped__() == ["de"]
    assert (german["next"], german["steps"]["path"]["title"]) == ("Weiter", "Der Fehler")
    assert german["skip"] == TEXTS["skip"]
