"""What a visitor has done in the lessons, kept by their browser: no cookie, and nothing on the server.

A mark is of a step whose answer they have seen, with their guess and their run; a note is what they wrote for the sheet. The
browser tells what it has when the page is opened, and keeps what comes.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from streamlit.components.v2 import component

from app.lessons.lesson_words import all_lessons
from app.visit.session import Remembered, fresh
from dfa_lab.lessons import Lesson
from dfa_lab.lessons.learning_paths import Stop

KEY = "dfa-lab-lessons"  # in the browser's local storage
MOST_NOTES = 100
LONGEST = 2000  # characters of a note
SCRIPT = """
const read = (key) => {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}") ?? {}
  } catch {
    return {} // storage forbidden, or not ours
  }
}

export default function ({ data, setTriggerValue }) {
  const { key, kept, told, forget } = data
  const before = forget ? {} : read(key)
  const now = { marks: { ...before.marks, ...kept.marks }, notes: { ...before.notes, ...kept.notes } }
  try {
    if (forget) localStorage.removeItem(key)
    else if (Object.keys(now.marks).length + Object.keys(now.notes).length) localStorage.setItem(key, JSON.stringify(now))
  } catch {
    // Storage forbidden: what is done is known as long as the page is open.
  }
  if (!told && (before.marks || before.notes)) setTriggerValue("stored", now)
}
"""
_storage = component("dfa_lab_lesson_marks", js=SCRIPT, isolate_styles=False)


class Mark(NamedTuple):
    """A step whose answer was seen."""

    answer: int  # the guess, counted from 1
    run: str  # id of the experiment


class Kept(Remembered, prefix="lesson"):
    """What is known of the visitor."""

    marks: dict[str, dict[str, Any]] = fresh(dict)  # "lesson/step" -> a Mark as JSON
    notes: dict[str, str] = fresh(dict)
    told: bool = False  # the browser has said what it has
    forgets: bool = False


kept = Kept()


def load() -> None:
    """Exchange with the browser what each of the two does not know: on every page of the lessons."""
    data = {"key": KEY, "kept": {"marks": kept.marks, "notes": kept.notes}, "told": kept.told, "forget": kept.forgets}
    result = _storage(key="dfa_lab_lesson_marks", data=data, on_stored_change=_nothing)
    kept.forgets = False
    if stored := result.get("stored"):
        _take(stored)
        kept.told = True


def _nothing() -> None:
    """Streamlit offers a trigger to a component only with something to call."""


def _take(stored: Any) -> None:
    """What a browser has: anybody can write anything there, so only what is known is taken."""
    marks, notes = (stored.get(name) if isinstance(stored, Mapping) else None for name in ("marks", "notes"))
    for name, mark in marks.items() if isinstance(marks, Mapping) else ():
        if (stop := _stop(str(name))) and isinstance(mark, Mapping) and name not in kept.marks:
            answer, run = mark.get("answer"), str(mark.get("run", ""))
            choices = all_lessons()[stop.lesson].steps[stop.step - 1].choices
            if type(answer) is int and 1 <= answer <= len(choices) and re.fullmatch(r"\w{0,20}", run):
                kept.marks[name] = {"answer": answer, "run": run}
    for name, text in list(notes.items())[:MOST_NOTES] if isinstance(notes, Mapping) else ():
        if isinstance(text, str) and len(str(name)) <= 80:
            kept.notes.setdefault(str(name), text[:LONGEST])


def _stop(name: str) -> Stop | None:
    lesson, _, number = name.partition("/")
    known = all_lessons().get(lesson)
    there = known is not None and number.isdecimal() and len(number) < 4 and 1 <= int(number) <= len(known.steps)
    return Stop(lesson, int(number)) if there else None


def mark(stop: Stop, answer: int, run: str) -> None:
    """The answer to a step has been seen."""
    kept.marks[f"{stop.lesson}/{stop.step}"] = {"answer": answer, "run": run}


def find(stop: Stop) -> Mark | None:
    """What was done of a step."""
    found = kept.marks.get(f"{stop.lesson}/{stop.step}")
    return Mark(**found) if found else None


def done(lesson: Lesson) -> int:
    """How many of its steps are done."""
    return sum(find(Stop(lesson.name, n)) is not None for n in range(1, len(lesson.steps) + 1))


def note(name: str) -> str:
    """What was written under this name."""
    return kept.notes.get(name, "")


def write(name: str, text: str) -> None:
    """Keep what was written."""
    kept.notes[name] = text[:LONGEST]


def anything() -> bool:
    """Whether there is something to forget."""
    return bool(kept.marks or kept.notes)


def forget() -> None:
    """Nothing was done, here and in the browser."""
    del kept.marks, kept.notes
    kept.forgets = kept.told = True
