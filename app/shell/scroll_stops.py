"""What is wider than a phone can be moved by keyboard too: equations and drawn text, which Markdown brings and which scroll."""

from app.shell import unseen

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
_stops = unseen.script("dfa_lab_scroll_stops", SCRIPT)


def add() -> None:
    """Make them stops of the Tab key, on a page of texts, after them."""
    _stops()
