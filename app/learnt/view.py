"""What a view of "What it has learnt" is, and what the views share. Each of them is a file in app/learnt/views/."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from app.visit.session import Remembered, fresh
from dfa_lab.runs.live import Status

TEXT = "font-size:0.875rem;line-height:1.3"


@dataclass(frozen=True)
class Chosen:
    """What the person chose."""

    seed: int
    points: str = "test"
    rule: str = ""
    block: int = 1
    eps: float = 0.0
    tsne: bool = False


@dataclass(frozen=True)
class View:
    """One of the views that can be chosen."""

    title: str
    about: str  # a sentence above the pictures
    place: int  # among the others, the smallest first
    offered: Callable[[Sequence[int]], bool]  # for samples of this shape
    draw: Callable[[Status, Chosen], None]  # looks at what it shows, at most once a second, and draws it. May raise Gone
    asks: tuple[str, ...] = ()  # controls that it needs: points, rule, map, layer, eps


class Drawn(Remembered, prefix="learnt"):
    """What the page was drawn with."""

    around: tuple[object, ...] = ()
    told: dict[str, tuple[object, object]] = fresh(dict)  # for the address
    view: tuple[str, str] | None = None  # (experiment, title of the view) that has been drawn


drawn = Drawn()


def of_images(shape: Sequence[int]) -> bool:
    """For samples of channels, rows and columns."""
    return len(shape) == 3


def of_points(shape: Sequence[int]) -> bool:
    """For samples that are points in a plane."""
    return not of_images(shape)


def of_all(shape: Sequence[int]) -> bool:
    """For samples of any shape."""
    return True


def runs(status: Status, chosen: Chosen) -> Iterator[tuple[int, str]]:
    """(number, rule) of every rule with the seed that was chosen, without those that diverged: nothing is to be seen there."""
    seeds = status.experiment.seeds
    seed = chosen.seed if chosen.seed in seeds else seeds[0]  # a demonstration that begins again has another
    all_runs = enumerate(status.experiment.runs())
    return ((number, rule) for number, (rule, its) in all_runs if its == seed and number not in status.failed)


def theme_name() -> str:
    """Light or dark, as the visitor sees the page."""
    return "dark" if st.context.theme.type == "dark" else "light"


def says(what: str, given: str, sure: str, right: bool) -> str:
    """HTML below a picture: what it is (or nothing), and what a network says it is, with how sure it is."""
    mark = "✓ " if right else "✗ " if not what else ""
    above = f"<div>{escape(what)}</div>" if what else ""
    return (
        f'<div style="{TEXT};overflow-wrap:anywhere">{above}<div>{mark}says <b>{escape(given)}</b> {escape(sure)}</div></div>'
    )
