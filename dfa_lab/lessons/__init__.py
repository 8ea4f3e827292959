"""Lessons are data: one TOML file each in this folder, found by its name.

A lesson has a title, minutes, why it is worth them, its place in the list and steps. A step has a text, the settings of
an experiment, a question with choices, which of them is right (counted from 1), what to look at, the explanation, and
claims: what the experiment must show (their words are in claims.py). tests/lessons checks them on a few seeds and
tools/claims on twenty.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Step:
    """A text, a question, and the experiment that answers it."""

    title: str
    text: str
    question: str
    choices: list[str]
    answer: int
    look: str
    reveal: str
    settings: dict[str, object]
    claims: list[str]
    seconds: float = 25  # that the experiment takes on screen

    @property
    def experiment(self) -> Experiment:
        """Raises SettingsError if the lesson's file has a mistake."""
        return parse(self.settings)

    def right(self, choice: int) -> bool:
        """`choice` counts from 1."""
        return choice == self.answer


@dataclass(frozen=True)
class Lesson:
    """Steps in a row."""

    name: str
    title: str
    minutes: int
    place: int
    why: str
    steps: list[Step]


@cache
def lessons() -> dict[str, Lesson]:
    """Every lesson by name, in the order of the list."""
    found = [read(file) for file in FOLDER.glob("*.toml")]
    return {lesson.name: lesson for lesson in sorted(found, key=lambda lesson: (lesson.place, lesson.name))}


def read(file: Path) -> Lesson:
    """Raises TypeError if an entry is missing or unknown."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    steps = [Step(**step) for step in content.pop("steps")]
    return Lesson(name=file.stem, steps=steps, **content)
