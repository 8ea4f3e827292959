"""What Streamlit's theme cannot say: on the primary colour the text is light in the light theme and dark in the dark one, and
links and commands are not coloured in, for which their ground leaves too little contrast; the sign in a field has enough."""

import streamlit as st

STYLE = """<style>
[data-testid^=stBaseButton-primary]:enabled, .stApp [data-testid=stMultiSelectTagsContainer] :not(input) {
  color: light-dark(#fff, #0b0d10);
}
.stApp [data-testid=stTextInputIcon] span { color: light-dark(#55585f, #b6bcc6) !important; }
@media (prefers-color-scheme: dark) { [data-testid=stPopoverBody] { color-scheme: dark; } }
.stApp [data-testid=stPopoverButton][kind=tertiary][aria-expanded=true] { color: light-dark(#00659d, #3ba3e0); }
[data-testid=stCode] .token { color: inherit !important; }
[data-testid^=stBaseButton-primary] kbd { color: inherit; opacity: 0.85; }
</style>"""


def apply() -> None:
    """Send the style, at the head of every page."""
    st.html(STYLE)
