"""Below the widths of a network whose defaults are a paper's: a button for those that a laptop trains."""

from collections.abc import Callable

import streamlit as st

from app.visit.form_state import key, values, widget_value
from app.visit.session import held, hold
from dfa_lab import registry
from dfa_lab.settings.network_settings import KINDS
from dfa_lab.settings.parsing import keep_good

NARROW = registry.declared(KINDS, "NARROW")  # network -> setting -> value, as an Experiment holds it


def offer(name: str, change: Callable[[str], None]) -> None:
    """The button, below the last of the widths, where they are others. `change`: called for each that gets another value."""
    wanted = NARROW.get(str(held(key("network"))), {})
    if not wanted or name != list(wanted)[-1]:
        return
    now = keep_good(values(wanted))[0]
    if any(getattr(now, setting) != value for setting, value in wanted.items()):
        about = " and ".join(", ".join(map(str, value)) for value in wanted.values())
        st.button(
            f"Widths for a laptop: {about}", key="narrow", icon=":material/laptop:", on_click=_take, args=(wanted, change)
        )


def _take(wanted: dict[str, tuple[int, ...]], change: Callable[[str], None]) -> None:
    for setting, value in wanted.items():
        hold(key(setting), widget_value(setting, value))
        change(setting)
