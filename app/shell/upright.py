"""A page that has gone blank is loaded again: its address has all that is on screen.

Streamlit's script can fall over as a page is left ("Bad delta path index", Streamlit 1.67), and then leaves nothing of it. On
busy machines that was seen now and then; what exactly it takes is not known.
"""

import streamlit as st
from streamlit.components.v2 import component

# One timer a page, however often it is mounted. A second look, so that nothing is loaded again while it is just being built;
# and not again within ten seconds, so that a server that gives nothing but blank pages is not asked without end.
SCRIPT = """
const BLANK = 500, AGAIN = 10_000

function look(before) {
  const blank = !document.querySelector("[data-testid=stApp]")
  const last = Number(sessionStorage.getItem("dfa-lab-loaded-again") ?? 0)
  if (blank && before && Date.now() - last > AGAIN) {
    sessionStorage.setItem("dfa-lab-loaded-again", String(Date.now()))
    location.reload()
  } else setTimeout(() => look(blank), BLANK)
}

export default function () {
  if (globalThis.__dfaUpright) return
  globalThis.__dfaUpright = true
  look(false)
}
"""
KEY = "dfa_lab_upright"
HIDDEN = f"<style>.st-key-{KEY} {{ display: none }}</style>"
_upright = component(KEY, js=SCRIPT, isolate_styles=False)


def keep() -> None:
    """Watch over the page, from the head of every page."""
    st.html(HIDDEN)
    _upright(key=KEY)
