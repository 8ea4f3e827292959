"""What is wider than a phone can be moved by keyboard too: equations and drawn text, which Markdown brings and which scroll."""

import streamlit as st
from streamlit.components.v2 import component

# Looked at again when the page has another width, and when a tab is opened.
SCRIPT = """
const WIDE = ".katex-display, [data-testid=stMarkdownContainer] pre, [data-testid=stCode] pre"

function mark() {
  for (const one of document.querySelectorAll(WIDE)) {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0
    else one.removeAttribute("tabindex")
  }
}

export default function () {
  const main = document.querySelector("[data-testid=stMainBlockContainer]")
  const looks = new ResizeObserver(mark)
  if (main) looks.observe(main)
  return () => looks.disconnect()
}
"""
KEY = "dfa_lab_scroll_stops"
HIDDEN = f"<style>.st-key-{KEY} {{ display: none }}</style>"
_stops = component(KEY, js=SCRIPT, isolate_styles=False)


def add() -> None:
    """Make them stops of the Tab key, on a page of texts, after them."""
    st.html(HIDDEN)
    _stops(key=KEY)
