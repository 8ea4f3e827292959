"""What is chosen on a page of pictures, in the page's address: whoever opens the link sees the same picture.

    look=view:Hidden units,rule:dfa,layer:2        (what is as usual is left out)

A widget takes what the link says as its first value (`told`); what it holds later is written back (`tell`).
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import streamlit as st

from app.visit.hidden_controls import LOOK
from app.visit.session import session

T = TypeVar("T")


def told(name: str, options: Sequence[T], usual: T) -> T:
    """The option that the link names, else the usual one."""
    text = _said().get(name)
    return next((option for option in options if _word(option) == text), usual)


def told_several(name: str, options: Sequence[T], usual: Sequence[T]) -> list[T]:
    """The options that the link names, in its order, else the usual ones. `tell` takes them from `several`."""
    text = _said().get(name)
    if text is None:
        return list(usual)
    there = {_word(option): option for option in options}
    found = [there[word] for word in dict.fromkeys(text.split("~")) if word in there]
    return found if found or not text else list(usual)


def several(chosen: Sequence[object]) -> str:
    """Several choices as one text for `tell`."""
    return "~".join(_word(one) for one in chosen)


def told_number(name: str, low: float, high: float, usual: float) -> float:
    """The number that the link gives, if it lies between the bounds, else the usual one."""
    try:
        value = float(_said().get(name, ""))
    except ValueError:
        return usual
    return value if low <= value <= high else usual


def tell(chosen: Mapping[str, tuple[object, object]]) -> None:
    """Write {name: (value, usual value)} into the address."""
    text = ",".join(f"{name}:{_word(value)}" for name, (value, usual) in chosen.items() if value != usual)
    if text and st.query_params.get(LOOK) != text:
        st.query_params[LOOK] = text
    elif not text:
        st.query_params.pop(LOOK, None)


def _word(value: object) -> str:
    """A choice as it stands in the address, where commas and colons are between words."""
    return str(value).replace(",", "").replace(":", "")


def _said() -> dict[str, str]:
    # As the visitor arrived: a widget whose first value changed would be another widget.
    if session.look_told is None:
        session.look_told = st.query_params.get(LOOK, "")
    pairs = (part.partition(":") for part in session.look_told.split(","))
    return {name: value for name, _, value in pairs}
