"""All that is said of every setting, each under a heading that the form's helps lead to."""

import streamlit as st

from app.visit.hidden_controls import GROUPS, members
from dfa_lab.settings import reference
from dfa_lab.settings.wording import title

STYLE = (
    "<style>[data-testid=stHeading] h3 { scroll-margin-top: 5rem; }</style>"  # a link's target stands below the bar of pages
)


def show() -> None:
    """The settings by their groups, as the door in the Lab has them."""
    st.html(STYLE)
    for group, heading in GROUPS.items():
        st.header(heading, anchor=False)
        for name in members(group):
            st.subheader(title(name), anchor=name)
            st.markdown(reference.whole(name))
