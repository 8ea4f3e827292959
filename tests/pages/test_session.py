"""What a visitor has before them has names, types and usual values; nothing else knows the keys."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from app.visit.session import Remembered, Session, fresh, held, hold, known, session

ROOT = Path(__file__).parents[2]
FILES = [path for folder in ("app", "pages") for path in (ROOT / folder).rglob("*.py")]


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch) -> dict:
    """A dictionary in the place of the session's state."""
    kept: dict = {}
    monkeypatch.setattr(st, "session_state", kept)
    return kept


def declared() -> Iterator[tuple[str, str, str, ast.expr | None]]:
    """(class, attribute, key, usual value) of everything that is remembered."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(one, ast.Name) and one.id == "Remembered" for one in node.bases
            ):
                prefix = "".join(f"{one.value.value}_" for one in node.keywords if isinstance(one.value, ast.Constant))
                for one in node.body:
                    if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                        yield node.name, one.target.id, prefix + one.target.id, one.value


def test_one_file_alone_uses_the_state_by_its_keys():
    found = [path for path in FILES if "session_state" in path.read_text(encoding="utf-8")]
    assert found == [ROOT / "app" / "visit" / "session.py"]


def test_everything_has_a_usual_value_and_a_key_of_its_own():
    found = list(declared())
    assert len(found) > 40 and ("Session", "watched", "watched") in {one[:3] for one in found}
    assert [one for one in found if one[3] is None] == []
    keys = [key for _, _, key, _ in found]
    assert sorted(keys) == sorted(set(keys))


def test_usual_values_are_not_shared_by_sessions(state: dict):
    session.problems.append("a sentence")
    assert state["problems"] == ["a sentence"] and Session().problems is session.problems
    state.clear()  # another session
    assert session.problems == [] and session.watched is None


def test_what_is_set_is_kept_under_its_key_until_it_is_deleted(state: dict):
    class Film(Remembered, prefix="film"):
        playing: bool = False
        frames: list[int] = fresh(list)

    film = Film()
    film.playing, film.frames = True, [1]
    assert state == {"film_playing": True, "film_frames": [1]}
    del film.playing, film.frames
    assert not film.playing and film.frames == []


def test_what_a_widget_holds():
    assert held("box", 3) == 3 and held("box") is None and not known("box")
    hold("box", 4)
    assert held("box", 3) == 4 and known("box")
