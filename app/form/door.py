"""One door, behind which is all that is no plaything: a search field, and before it what differs from the defaults."""

from collections.abc import Callable, Collection

import streamlit as st

from app.form import suiting
from app.shell.escape import plain
from app.visit import hidden_controls
from app.visit.form_state import values, widget_value
from app.visit.hidden_controls import GROUPS
from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.searching import find
from dfa_lab.settings.wording import title

SEARCH = "door_search"  # key of the widget
HIDDEN = "this link hides it"


def show(before: Collection[str], draw: Callable[[str], None], missing: Callable[[str], str]) -> None:
    """The door with the settings that do not stand `before` it.

    `draw`: draws a setting's widget; `missing`: why one is not offered now, empty where it is.
    """
    inside = [name for name in Experiment.model_fields if name not in before and name not in hidden_controls.hidden()]
    if not inside:
        return
    with st.container(gap="small"):  # one element, whether it is empty or not: the door stays open
        _differing([name for name in inside if not missing(name)])
    with st.expander("All settings", icon=":material/tune:", key="all_settings"):
        text = st.text_input(
            "Search the settings",
            key=SEARCH,
            type="search",
            live=True,
            placeholder="Search, for instance momentum",
            label_visibility="collapsed",
            persist_state="session",
        )
        found = find(text or "")
        for group, heading in GROUPS.items():
            here = [name for name in hidden_controls.members(group) if name in found and name in inside and not missing(name)]
            if here:
                st.header(heading, anchor=False)
            for name in here:
                draw(name)
        if text:
            _elsewhere(found, before, missing)


def _elsewhere(found: Collection[str], before: Collection[str], missing: Callable[[str], str]) -> None:
    """What the search finds and the door does not show: where it is, or why it is not offered."""
    hidden = hidden_controls.hidden()
    for name in found:
        why = HIDDEN if name in hidden else missing(name) or ("it stands above, before this door" if name in before else "")
        if why:
            st.caption(f"**{title(name)}**: {plain(why)}.")
    if not found:
        st.caption("No setting has this in its name, its help or its choices: try a part of the word, or another one.")


def _differing(names: list[str]) -> None:
    """Say which of these settings have another value than the default, whoever gave it."""
    there = {name: value for name in names if (value := _other(name)) is not None}
    if there:
        count = "1 more setting differs" if len(there) == 1 else f"{len(there)} more settings differ"
        st.caption(f"{count} from the defaults: {plain(suiting.words(there))}.")


def _other(name: str) -> object:
    """What the form holds for a setting, as an Experiment has it or, where that is refused, as it stands there.

    None for the default.
    """
    held, default = values([name])[name], Experiment.model_fields[name].default
    usual = widget_value(name, default)
    if held == (tuple(usual) if isinstance(usual, list) else usual):
        return None
    try:
        value = getattr(parse({name: held}), name)
    except SettingsError:
        return held
    return value if value != default else None


def playthings() -> list[str]:
    """The settings that begin the form, in their order."""
    placed = {name: place for name, field in Experiment.model_fields.items() if (place := extra(field)["play"])}
    return sorted(placed, key=lambda name: placed[name])
