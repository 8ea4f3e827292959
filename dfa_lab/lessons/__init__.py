"""Lessons are data: one TOML file each in this folder, found by its name; a translation is one more (translations.py).

A lesson has a title, minutes, why it is worth them, its place in the list and steps. A step has a text, the settings of
an experiment, a question with choices, which of them is right (counted from 1), a hint at where to look that does not give
the answer away, the explanation, and claims: what the experiment must show (their words are in claims.py). tests/lessons
checks them on a few seeds and tools/claims on twenty. Rows of steps for an occasion are in paths/ (learning_paths.py).
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dfa_lab.lessons import translations
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse

FOLDER = Path(__file__).parent
PICTURES = FOLDER / "pictures"  # SVG files without words


@dataclass(frozen=True)
class Step:
    """A text, a question, and the experiment that answers it."""

    title: str
    text: str
    question: str
    choices: list[str]
    answer: int
    hint: str  # what to look at while it trains
    reveal: str  # what it means, once the answer is there
    settings: dict[str, object]
    claims: list[str]
    seconds: float = 25  # that the experiment takes on screen
    reached: float = 0  # passes after which it has shown what is asked for; 0: at its end
    picture: str = ""  # a file of PICTURES, shown with the text
    picture_says: str = ""  # the same for who cannot see it

    @property
    def experiment(self) -> Experiment:
        """Raises SettingsError if the lesson's file has a mistake."""
        return parse(self.settings)

    @property
    def passes(self) -> float:
        """Passes through the training set after which the answer can be seen."""
        return self.reached or self.experiment.epochs

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
def lessons(language: str = "") -> dict[str, Lesson]:
    """Every lesson by name, in the order of the list; in a language where it is translated, else in English."""
    return translations.in_order(FOLDER, read, language)


def read(file: Path, language: str = "") -> Lesson:
    """Raises TypeError if an entry is missing or unknown."""
    content = translations.read(file, language)
    steps = [Step(**step) for step in content.pop("steps")]
    return Lesson(name=file.stem, steps=steps, **content)
