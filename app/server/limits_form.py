"""The limits of the server as a form, made from their model; whoever keeps the server sets them."""

from collections.abc import Mapping

import streamlit as st
from pydantic import ValidationError

from app.people import identity
from app.shell.server import manager
from app.visit.session import Remembered, held
from dfa_lab.runs.limits import Limits, facts

ABOUT = "What is there already stays: less than that only keeps more from coming."
OF_ALL, OF_EACH = "Of the server", "Of each visitor"
WRONG = "Nothing was changed: {} is to be a whole number from {} to {}."
SET = "These limits hold from now on, after a restart too."


class Said(Remembered, prefix="limits"):
    """What became of the last change."""

    done: str = ""
    wrong: str = ""


said = Said()


def show() -> None:
    """Each limit that has an effect on this server, as it is now."""
    names = [name for name, field in Limits.model_fields.items() if identity.shared() or not facts(field)["each"]]
    with st.expander("Limits", icon=":material/speed:"), st.form("server_limits", border=False):
        st.caption(ABOUT)
        keys = _widgets(OF_ALL, [name for name in names if not facts(Limits.model_fields[name])["each"]])
        keys |= _widgets(OF_EACH, [name for name in names if facts(Limits.model_fields[name])["each"]])
        with st.container(horizontal=True):
            st.form_submit_button("Set", key="server_set_limits", type="primary", on_click=_set, args=(keys,))
            st.form_submit_button("As they are by themselves", key="server_usual_limits", on_click=_usual)
        if said.wrong:
            st.error(said.wrong, icon=":material/error:")
        elif said.done:
            st.success(said.done, icon=":material/check:")
        said.done = said.wrong = ""


def _widgets(heading: str, names: list[str]) -> dict[str, str]:
    """Draw them; the key of each widget by the name of its limit. A limit that was changed elsewhere has a new widget."""
    keys = {}
    if names:
        st.markdown(f"**{heading}**")
    with st.container(horizontal=True):
        for name in names:
            field, now = Limits.model_fields[name], getattr(manager().rules.limits, name)
            about = facts(field)
            keys[name] = f"server_limit_{name}_{now}"
            st.number_input(
                f"{field.title} ({about['unit']})",
                min_value=about["least"],
                max_value=about["most"],
                value=now,
                step=1,
                key=keys[name],
                help=field.description,
                width=200,
            )
    return keys


def _set(keys: Mapping[str, str]) -> None:
    before = manager().rules.limits
    given = {name: held(key, getattr(before, name)) for name, key in keys.items()}
    try:
        manager().rights.set_limits(Limits(**before.model_dump() | given))
    except ValidationError as error:
        field = Limits.model_fields[str(error.errors()[0]["loc"][0])]
        said.wrong = WRONG.format(f"“{field.title}”", facts(field)["least"], facts(field)["most"])
    else:
        said.done = SET


def _usual() -> None:
    manager().rights.set_limits(Limits())
    said.done = SET
