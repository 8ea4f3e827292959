"""A key that Streamlit keeps for itself: R presses Reset."""

from streamlit.components.v2 import component

# Capturing comes before Streamlit, which would run the script again. One listener a page, however often it is mounted.
SCRIPT = """
function onKey(event) {
  const writing = event.target.closest?.("input, textarea, select, [contenteditable=true], [role=combobox], [role=slider]")
  if (event.key.toLowerCase() !== "r" || event.repeat || event.ctrlKey || event.metaKey || event.altKey || writing) return
  const button = document.querySelector(".st-key-reset button:not(:disabled)")
  if (!button || document.querySelector("[role=dialog]")) return
  event.stopImmediatePropagation()
  button.click()
}

export default function () {
  if (globalThis.__dfaKeys) return
  globalThis.__dfaKeys = true
  document.addEventListener("keydown", onKey, { capture: true })
}
"""
_keys = component("dfa_lab_keys", js=SCRIPT, isolate_styles=False)


def reset_with_r() -> None:
    """Listen for R, on a page that shows the button with the key `reset`."""
    _keys(key="dfa_lab_keys")
