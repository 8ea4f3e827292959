"""Links to the Lab within pages: Streamlit's page_link leads there by a click alone, and its address is empty (1.67).

Opened in a new tab, copied or read out, an empty address is the page that one is on. Every page is one level below the Lab.
"""

from app.shell import unseen

# As soon as a link is pointed at, tapped or reached by keyboard; one listener a page, however often it is mounted.
SCRIPT = """
function give(event) {
  event.target.closest?.("a[data-testid=stPageLink-NavLink][href='']")?.setAttribute("href", "./")
}

export default function () {
  if (globalThis.__dfaLabLinks) return
  globalThis.__dfaLabLinks = true
  for (const name of ["pointerover", "focusin"]) document.addEventListener(name, give, { capture: true, passive: true })
}
"""
_give = unseen.script("dfa_lab_lab_links", SCRIPT)


def give_addresses() -> None:
    """Give them the Lab's address, from the head of every page."""
    _give()
