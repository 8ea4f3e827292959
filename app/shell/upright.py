"""A page that has gone blank is loaded again: its address has all that is on screen.

Streamlit's script can fall over as a page is left ("Bad delta path index", Streamlit 1.67), and then leaves nothing of it. On
busy machines that was seen now and then; what exactly it takes is not known.
"""

from app.shell import unseen

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
_upright = unseen.script("dfa_lab_upright", SCRIPT)


def keep() -> None:
    """Watch over the page, from the head of every page."""
    _upright()
