"""Streamlit's margins and headings take much of a laptop's or a projector's screen; what is to be seen needs it more.

So does its offer, to whoever writes apps on this computer, to install something for their helpers: here nobody writes one.
"""

import streamlit as st

STYLE = """<style>
[data-testid=stSkillsNudgeAnchor] { display: none; }
@media (min-width: 641px) and (max-width: 1440px) {
  .stApp [data-testid=stMainBlockContainer], .stApp [data-testid=stBottomBlockContainer] { padding-inline: 2rem; }
}
@media (max-height: 900px) {
  .stApp [data-testid=stHeading] h1 { font-size: 2rem; padding-block: 0.25rem 0.6rem; }
  .stApp [data-testid=stMainBlockContainer] > [data-testid=stVerticalBlock] { row-gap: 0.6rem; }
}
</style>"""


def apply() -> None:
    """Send the style, at the head of every page."""
    st.html(STYLE)
