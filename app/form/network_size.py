"""− and + above the drawings of the networks: they change the form's fields that say how deep and how wide a network is."""

from typing import Any

import streamlit as st

from app.form import door, effect
from app.visit import chosen, hidden_controls, projector
from app.visit.form_state import key, widget_value
from app.visit.session import held, hold
from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.stepping import stepped
from dfa_lab.settings.wording import in_words, title

AHEAD = 8  # presses in a row, each way, that the browser need not ask for
LABELS = {"num_layers": ("One hidden layer less", "One hidden layer more")}


def offered() -> list[dict[str, Any]]:
    """The settings that the network has and the form shows, as network_size.js takes them."""
    if projector.on() or st.context.is_embedded:
        return []
    return [_told(name) for name in _names()]


def take(wanted: object) -> None:
    """What was pressed, by setting, becomes the form's. A browser can send anything: what cannot be changes nothing."""
    given = wanted if isinstance(wanted, dict) else {}
    for name in _names():
        if name not in given:
            continue
        try:
            value = getattr(parse({name: str(given[name])}), name)
        except SettingsError:
            continue
        hold(key(name), widget_value(name, value))
        chosen.by_visitor((name,))
        chosen.in_form()


def _names() -> list[str]:
    """Whatever counts something of the network and is played with, unless it has no effect now or the link hides it."""
    here = set(hidden_controls.members("network")) - hidden_controls.hidden()
    counted = [name for name in door.playthings() if name in here and not extra(Experiment.model_fields[name])["choices"]]
    return [name for name in counted if not effect.missing(name)]


def _told(name: str) -> dict[str, Any]:
    now = held(key(name))
    less, more = _further(name, now, up=False), _further(name, now, up=True)
    return {
        "name": name,
        "word": extra(Experiment.model_fields[name])["unit"] or in_words(name),
        "title": title(name),
        "labels": LABELS.get(name, (f"Fewer {in_words(name)}", f"More {in_words(name)}")),
        "values": [*reversed(less), str(now), *more],
        "at": len(less),
    }


def _further(name: str, given: object, *, up: bool) -> list[str]:
    """What the field would hold after one press, two presses, and so on, up to the bounds of the setting."""
    found: list[str] = []
    while len(found) < AHEAD and (value := stepped(name, given, up=up)) is not None:
        given = widget_value(name, value)
        found.append(str(given))
    return found
