"""Keys that Streamlit does not have: a digit chooses an answer, and Ctrl+Enter leads on from among the answers too."""

from streamlit.components.v2 import component

# Capturing comes before what the answers make of keys: they keep them to themselves. One listener a page, however often it is
# mounted.
SCRIPT = """
const WRITES = "textarea, select, [contenteditable=true], [role=combobox], input:not([type=radio])"

function onKey(event) {
  if (event.repeat || event.altKey || event.target.closest?.(WRITES) || document.querySelector("[role=dialog]")) return
  const meta = event.ctrlKey || event.metaKey
  if (event.key === "Enter" && meta && event.target.closest?.("[role=radiogroup]")) {
    event.stopImmediatePropagation()
    document.querySelector(".st-key-watch button:not(:disabled)")?.click()
  }
  if (meta || !/^[1-9]$/.test(event.key)) return
  const choice = document.querySelectorAll(".st-key-question [role=radiogroup] input")[Number(event.key) - 1]
  choice?.click()
  choice?.focus()
}

export default function () {
  if (globalThis.__dfaLessonKeys) return
  globalThis.__dfaLessonKeys = true
  document.addEventListener("keydown", onKey, { capture: true })
}
"""
_keys = component("dfa_lab_lesson_keys", js=SCRIPT, isolate_styles=False)


def listen() -> None:
    """Listen for them, on a page with a question."""
    _keys(key="dfa_lab_lesson_keys")
