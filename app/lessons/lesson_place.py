"""Where a visitor of the lessons is, as it stands in the link.

`lesson` and `step`; `path`, if they follow one; `answer` and `run` once the question is answered, and `seen` when the answer
has been shown; `sheet` for the page to hand in.
"""

import streamlit as st

from app.lessons.lesson_words import all_lessons, all_paths
from app.visit import hidden_controls
from app.visit.session import Remembered, fresh
from dfa_lab.lessons.learning_paths import LearningPath, Stop

PLACE = ("path", "lesson", "step", "answer", "run", "seen", "sheet")


class Visited(Remembered, prefix="lesson"):
    """Where the visitor is, and what trains for them."""

    place: dict[str, str] = fresh(dict)  # as in the link
    problems: list[str] = fresh(list)
    run: str = ""  # id of the experiment that was begun last


visited = Visited()


def arrive() -> dict[str, str]:
    """The place that the link names; without one, where the visitor was before going to another page."""
    given = {name: st.query_params[name] for name in PLACE if name in st.query_params}
    if not given and (given := visited.place):
        hidden_controls.into_url(given)
    visited.place = given
    return given


def go(**place: str) -> None:
    """Be at this place, and nowhere else."""
    visited.place = {name: text for name, text in place.items() if text}
    visited.problems = []
    hidden_controls.into_url(visited.place)


def path() -> LearningPath | None:
    """The path that is followed."""
    return all_paths().get(visited.place.get("path", ""))


def at(stop: Stop) -> dict[str, str]:
    """The place of a step, on the path that is followed."""
    followed = path()
    return {"path": followed.name if followed else "", "lesson": stop.lesson, "step": str(stop.step)}


def neighbours(here: Stop) -> tuple[Stop | None, Stop | None]:
    """The step before this one and the one after it: of the path that is followed, else of the lessons in their order."""
    followed = path()
    if followed and here in followed.stops:
        row = followed.stops
    else:
        row = [Stop(name, n) for name, lesson in all_lessons().items() for n in range(1, len(lesson.steps) + 1)]
    place = row.index(here)
    return (row[place - 1] if place else None), (row[place + 1] if place + 1 < len(row) else None)
