"""The guided first visit: five steps on the running picture of the Lab, each pointing at something that moves (view.js).

It begins by itself for who opens the lab for the first time. Who comes by a link with an experiment, settings or hidden
controls is offered it once. There is none of it on a projector and inside another page, and where the link says
`guide=false` it waits for its button. What was finished or skipped the browser remembers.
"""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from app.charts.component import Picture
from app.visit import language, projector
from app.visit.session import Remembered, session
from dfa_lab.lessons import translations

FILE = Path(__file__).with_name("guide.toml")
BEGINS, OFFERS, WAITS = "begins", "offers", "waits"
_picture = Picture("dfa_lab_guide", "guide/view.js", "guide/guide.css")


class Guided(Remembered, prefix="guide"):
    """How the visit began."""

    how: str = ""


guided = Guided()


def show() -> None:
    """Mount it, below the picture that it is about."""
    guided.how = guided.how or _how()
    if projector.on() or st.context.is_embedded:
        return
    language.choose(languages())
    _picture.draw({"how": guided.how, "texts": texts(language.spoken.language)}, "guide")


def _how() -> str:
    """Whether it begins by itself, is offered, or waits for its button."""
    if session.guide == "false":
        return WAITS
    chosen = session.watched or session.notice or session.hidden or session.at or session.problems
    return OFFERS if chosen else BEGINS


@cache
def languages() -> list[str]:
    """Languages that it is translated to."""
    return translations.languages(FILE)


@cache
def texts(spoken: str) -> dict[str, Any]:
    """What it says."""
    return translations.read(FILE, spoken)
