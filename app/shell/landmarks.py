"""Landmarks for the keyboard and the screen reader: a way past the form, and a title where none is drawn.

Streamlit's own link leads to the page's content, past the sidebar and the bar of pages. In the Lab the sidebar is the form,
with its thirty stops: a second link leads to the bar that comes after it.
"""

import streamlit as st
from streamlit.components.v2 import component

# A copy of Streamlit's link but for what it says and where it leads (Streamlit 1.67); one, however often this is mounted.
SCRIPT = """
const NAME = "dfa-skip-to-pages"

export default function () {
  const first = document.querySelector("[data-testid=stSkipToContent]")
  if (!first || document.querySelector(`.${NAME}`)) return
  const link = first.cloneNode(false)
  link.classList.add(NAME)
  link.removeAttribute("data-testid")
  link.textContent = "Skip to the pages"
  link.addEventListener("click", (event) => {
    event.preventDefault()
    document.querySelector("[data-testid=stTopNavLink], header button")?.focus()
  })
  first.after(link)
}
"""
KEY = "dfa_lab_landmarks"
STYLE = f"""<style>
.st-key-{KEY} {{ display: none }}
.dfa-unseen {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }}
[data-testid=stElementContainer]:has(> [data-testid=stHtml] > .dfa-unseen) {{ position: absolute; }}
</style>"""
_landmarks = component(KEY, js=SCRIPT, isolate_styles=False)


def place() -> None:
    """Put the second link there, from the head of every page."""
    st.html(STYLE)
    _landmarks(key=KEY)


def title(text: str) -> None:
    """The title of a page on which the space is needed for what is to be seen: read aloud, not drawn."""
    st.html(f'<h1 class="dfa-unseen">{text}</h1>')
