"""The Tab key leads from a button into the list that it has opened, and out of it again; what Escape closes stays closed.

Streamlit puts what a popover holds at the end of the page (1.67): without this the keyboard comes to it after all else.
And where the run that a popover asks for comes after Escape, it opens it again.
"""

from app.shell import unseen

# One listener a page, however often it is mounted.
SCRIPT = """
const STOPS = "a[href], button, input, textarea, select, [tabindex='0']"

let closed = null // the button whose list Escape has closed, until the visitor does something else
const opens = new MutationObserver(() => closed?.ariaExpanded === "true" && closed.click())

function remember(button) {
  closed = button
  if (button) opens.observe(button, { attributeFilter: ["aria-expanded"] })
  else opens.disconnect()
}

function onKey(event) {
  const escape = event.key === "Escape"
  remember(escape ? (document.querySelector("[data-testid=stPopoverButton][aria-expanded=true]") ?? closed) : null)
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
  document.addEventListener("pointerdown", () => remember(null), { capture: true, passive: true })
}
"""
_keys = unseen.script("dfa_lab_popover_keys", SCRIPT)


def listen() -> None:
    """Listen for it, from the head of every page."""
    _keys()
