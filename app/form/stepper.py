"""A text field of numbers with − and + beside it, which take it through round numbers."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from app.visit.form_state import key, widget_value
from app.visit.session import held, hold
from dfa_lab.settings.stepping import stepped
from dfa_lab.settings.wording import in_words

# The two stand at the field's end as those of Streamlit's own number fields do.
STYLE = """<style>
[class*=st-key-stepper_] { flex-wrap: nowrap; gap: 0.25rem; }
[class*=st-key-stepper_] > :first-child { flex: 1 1 0; min-width: 0; }
[class*=st-key-stepper_] button { min-width: 2.5rem; padding-inline: 0; justify-content: center; }
[class*=st-key-stepper_] button [data-testid=stMarkdownContainer] {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
</style>"""


def show(name: str, change: Callable[[str], None], **field: Any) -> None:
    """The text field of a setting, as Streamlit takes it, and its buttons. `change`: called once it has another value."""
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"stepper_{name}"):
        st.text_input(**field)
        for up, icon, word in ((False, ":material/remove:", "Less"), (True, ":material/add:", "More")):
            st.button(
                f"{word}: {in_words(name)}",
                key=f"{name}_{word.lower()}",
                icon=icon,
                on_click=_take,
                args=(name, up, change),
            )


def _take(name: str, up: bool, change: Callable[[str], None]) -> None:
    value = stepped(name, held(key(name)), up=up)
    if value is not None:
        hold(key(name), widget_value(name, value))
        change(name)
