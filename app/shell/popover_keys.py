"""The Tab key leads from a button into the list that it has opened, and out of it again.

Streamlit puts what a popover holds at the end of the page (1.67): without this the keyboard comes to it after all else.
"""

from app.shell import unseen

# One listener a page, however often it is mounted.
SCRIPT = """
const STOPS = "a[href], button, input, textarea, select, [tabindex='0']"

function onKey(event) {
  if (event.key !== "Tab" || event.ctrlKey || event.metaKey || event.altKey) return
  const opened = document.querySelector("[data-testid=stPopoverBody]")
  const button = document.querySelector("[data-testid=stPopoverButton][aria-expanded=true]")
  if (!opened || !button) return
  const stops = [...opened.querySelectorAll(STOPS)].filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0)
  const here = document.activeElement
  const into = !event.shiftKey && here === button ? stops[0] : event.shiftKey && here === stops[0] ? button : null
  if (into) {
    event.preventDefault()
    into.focus()
  } else if (!event.shiftKey && here === stops.at(-1)) button.focus() // and the key goes on from there
}

export default function () {
  if (globalThis.__dfaPopoverKeys) return
  globalThis.__dfaPopoverKeys = true
  document.addEventListener("keydown", onKey, { capture: true })
}
"""
_keys = unseen.script("dfa_lab_popover_keys", SCRIPT)


def listen() -> None:
    """Listen for it, from the head of every page."""
    _keys()
