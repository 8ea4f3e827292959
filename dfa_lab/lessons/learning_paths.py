"""Paths through the lessons, each for an occasion: one TOML file each in paths/, found by its name.

A path has a title, minutes, why one would take it, its place in the list, and stations: a lesson with the numbers of its
steps, perhaps a task to do after them, and what is asked about it. `sheet`: a page with guesses, answers and the figures of
one's own runs ends it, to be handed in.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dfa_lab.lessons import translations

FOLDER = Path(__file__).parent / "paths"


class Stop(NamedTuple):
    """A step of a lesson, counted from 1."""

    lesson: str
    step: int


@dataclass(frozen=True)
class Station:
    """Steps of one lesson, and what to do after them."""

    lesson: str
    steps_of: list[int]
    task: str = ""
    asks: list[str] = field(default_factory=list)  # to be answered in words


@dataclass(frozen=True)
class LearningPath:
    """Stations in a row."""

    name: str
    title: str
    minutes: int
    place: int
    why: str
    stations: list[Station]
    sheet: bool = False

    @property
    def stops(self) -> list[Stop]:
        """All steps in their order."""
        return [Stop(station.lesson, step) for station in self.stations for step in station.steps_of]

    def station(self, stop: Stop) -> Station | None:
        """The station whose last step this is."""
        return next((one for one in self.stations if one.lesson == stop.lesson and one.steps_of[-1] == stop.step), None)


@cache
def learning_paths(language: str = "") -> dict[str, LearningPath]:
    """Every path by name, in the order of the list; in a language where it is translated, else in English."""
    return translations.in_order(FOLDER, read, language)


def read(file: Path, language: str = "") -> LearningPath:
    """Raises TypeError if an entry is missing or unknown."""
    content = translations.read(file, language)
    stations = [Station(**station) for station in content.pop("stations")]
    return LearningPath(name=file.stem, stations=stations, **content)
