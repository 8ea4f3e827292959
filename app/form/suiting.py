"""Below the choice of a data set: which settings were filled in since they suit it, and the way back."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from app.shell.escape import plain
from app.visit import chosen
from app.visit.chosen import marks
from app.visit.form_state import as_text, defaults, key, suit, values
from app.visit.session import held
from dfa_lab import data
from dfa_lab.settings.parsing import keep_good
from dfa_lab.settings.suited import suited
from dfa_lab.settings.wording import title

LAYERS = ("num_layers", "num_hidden", "nonlin")
WORDS = {
    "num_layers": "{} hidden layers",
    "num_hidden": "{} units a layer",
    "nonlin": "{} units",
    "batch_size": "batches of {}",
    "epochs": "{:,} epochs",
}


def show(in_force: Callable[[str], bool]) -> None:
    """One sentence and one button about the settings in force; nothing for a data set that the defaults suit."""
    name = str(held(key("dataset")))
    wanted = {setting: value for setting, value in suited(name, held(key("num_hidden"))).items() if in_force(setting)}
    if not wanted:
        return
    now = keep_good(values({"dataset", *wanted}))[0]
    there = {setting for setting, value in wanted.items() if getattr(now, setting) == value}
    filled = {setting: value for setting, value in wanted.items() if setting in marks.for_set & there}
    if filled:
        kept = [name_of(setting) for setting in wanted if setting in marks.by_visitor and setting not in there]
        stays = f" Kept as you chose: {', '.join(kept)}." if kept else ""
        st.caption(f"Chosen for {plain(data.facts(name).title)}: {words(filled)}.{stays}")
        st.button("Defaults instead", icon=":material/undo:", on_click=_defaults)
    elif len(there) < len(wanted):
        about = f"Sets {words(wanted)}"
        st.button("Suit the settings to it", icon=":material/tune:", help=about, on_click=_suit)


def _defaults() -> None:
    chosen.in_form()
    defaults()


def _suit() -> None:
    chosen.in_form()
    suit(all_of_them=True)


def words(settings: Mapping[str, Any]) -> str:
    """Settings with their values: "3 layers of 64 tanh units, learning rate 0.003"."""
    layers = []
    if all(name in settings for name in LAYERS):
        layers = ["{} layers of {} {} units".format(*(as_text(settings[name]) for name in LAYERS))]
    rest = [name for name in settings if not layers or name not in LAYERS]
    return ", ".join([*layers, *(_said(name, settings[name]) for name in rest)])


def _said(name: str, value: Any) -> str:
    """One setting with its value."""
    if isinstance(value, bool):
        return f"{name_of(name)} {'on' if value else 'off'}"
    return WORDS[name].format(value) if name in WORDS else f"{name_of(name)} {as_text(value)}"


def name_of(name: str) -> str:
    """What a setting is called within a sentence."""
    return title(name).split(" (")[0].lower()
