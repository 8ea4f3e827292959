"""What the pages of the lessons say: lesson_words.toml, or its translation where the visitor's language has one.

The language is that of the link (`language=de`), else that of the visitor's browser.
"""

from functools import cache
from pathlib import Path

from app.visit import language
from app.visit.language import spoken
from dfa_lab.lessons import Lesson, lessons, translations
from dfa_lab.lessons.learning_paths import LearningPath, learning_paths

FILE = Path(__file__).with_name("lesson_words.toml")


def choose() -> None:
    """Settle the visitor's language; once a page, before anything is said."""
    language.choose(languages())


@cache
def languages() -> list[str]:
    """Languages that the words of these pages are translated to."""
    return translations.languages(FILE)


@cache
def _texts(name: str) -> dict[str, str]:
    return translations.read(FILE, name)


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
