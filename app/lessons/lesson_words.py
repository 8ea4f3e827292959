"""What the pages of the lessons say: lesson_words.toml, or its translation where the visitor's language has one.

The language is that of the link (`language=de`), else that of the visitor's browser.
"""

from functools import cache
from pathlib import Path

import streamlit as st

from app.visit.session import Remembered
from dfa_lab.lessons import Lesson, lessons, translations
from dfa_lab.lessons.learning_paths import LearningPath, learning_paths

FILE = Path(__file__).with_name("lesson_words.toml")
PARAMETER = "language"


class Spoken(Remembered, prefix="lesson"):
    """The language that the visitor reads."""

    language: str = ""  # empty: that of the originals


spoken = Spoken()


def choose() -> None:
    """Take over what the link asks for, else what the browser does; once a page, before anything is said."""
    known = languages()
    asked = st.query_params.get(PARAMETER, "")
    if asked in known or asked == "en":
        spoken.language = asked if asked in known else ""
    elif not spoken.language:
        first = (st.context.locale or "").partition("-")[0].lower()
        spoken.language = first if first in known else ""


@cache
def languages() -> list[str]:
    """Languages that the words of these pages are translated to."""
    return translations.languages(FILE)


@cache
def _texts(language: str) -> dict[str, str]:
    return translations.read(FILE, language)


def say(text: str, /, **values: object) -> str:
    """A text of the file, by its name, with its places filled in."""
    return _texts(spoken.language)[text].format(**values)


def measure(metric: str) -> str:
    """A measure's name as it is read; as records have it where the file has none."""
    return _texts(spoken.language).get(metric, metric.replace("_", " "))


def all_lessons() -> dict[str, Lesson]:
    """The lessons in the visitor's language."""
    return lessons(spoken.language)


def all_paths() -> dict[str, LearningPath]:
    """The paths in the visitor's language."""
    return learning_paths(spoken.language)
