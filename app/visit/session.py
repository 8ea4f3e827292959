"""What one visitor has before them, by name and type in place of the string keys of `st.session_state`.

What several pages share is in `session`. A page that remembers something of its own declares it beside its code:

    class Film(Remembered, prefix="film"):
        playing: bool = False

    film = Film()          # film.playing is st.session_state["film_playing"], False until it is set

Widgets have keys of their own in the same place: `held` and `hold` read and write what such a widget holds. No other file
uses `st.session_state`.
"""

from collections.abc import Callable
from inspect import get_annotations
from typing import Any, TypeVar, cast

import streamlit as st

T = TypeVar("T")


class _Fresh:
    """Makes the usual value anew for each session."""

    def __init__(self, make: Callable[[], Any]):
        self.make = make


def fresh(make: Callable[[], T]) -> T:
    """The usual value of an attribute that can change in place: `problems: list[str] = fresh(list)`."""
    return cast(T, _Fresh(make))


class _Entry:
    """An attribute that lives in the session of whoever reads it."""

    def __init__(self, key: str, usual: Any):
        self.key, self.usual = key, usual

    def __get__(self, owner: object, kind: type | None = None) -> Any:
        if owner is None:
            return self
        if self.key not in st.session_state:
            st.session_state[self.key] = self.usual.make() if isinstance(self.usual, _Fresh) else self.usual
        return st.session_state[self.key]

    def __set__(self, owner: object, value: Any) -> None:
        st.session_state[self.key] = value

    def __delete__(self, owner: object) -> None:
        st.session_state.pop(self.key, None)


class Remembered:
    """Attributes with a type and a usual value, which each visitor's session keeps; `del` gives back the usual one."""

    def __init_subclass__(cls, prefix: str = "") -> None:
        for name in get_annotations(cls):
            setattr(cls, name, _Entry(f"{prefix}_{name}" if prefix else name, cls.__dict__[name]))


class Session(Remembered):
    """What pages share."""

    arrived: bool = False  # the link has been read
    watched: str | None = None  # id of the experiment on screen; None: the demonstration
    problems: list[str] = fresh(list)
    notice: str = ""  # about what the link has put into the form
    hidden: frozenset[str] = frozenset()  # settings that are not shown, and perhaps TRANSPORT
    hide: str = ""  # the same as the link says it
    guide: str = ""  # "false" where the link keeps the guided first visit away
    projector: str = ""  # "true" for large type, as the link says it
    look_told: str | None = None  # what the link said about a page of pictures when the visitor came
    moment: tuple[str, int] | None = None  # (experiment, past step) that the visitor has chosen
    moment_shown: tuple[str, int] | None = None  # the one that pictures look at
    moment_usual: tuple[str, int | None] | None = None  # (experiment, its last step if that is replayed quickly)
    at: str = ""  # the chosen step as the link says it
    origin: tuple[str, str] | None = None  # (experiment, the sentence about what it was forked from)


session = Session()


def held(key: str, usual: Any = None) -> Any:
    """What the widget with this key holds, `usual` while it has not been drawn."""
    return st.session_state.get(key, usual)


def hold(key: str, value: Any) -> None:
    """Give the widget with this key its value, before it is drawn."""
    st.session_state[key] = value


def known(key: str) -> bool:
    """Whether the widget with this key has a value."""
    return key in st.session_state
