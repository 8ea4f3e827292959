"""What a page says while there is nothing to see yet: what is happening, and what can be done meanwhile."""

import streamlit as st

from app.shell import pages
from app.shell.escape import plain
from app.visit import moment, watching
from app.visit.session import session
from dfa_lab import data
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import ENDED, Status

STATES = ("queued", "loading")
EVERY = 1.0  # seconds between two looks at the queue
# Without an end: nobody knows how long files take to be read.
BAR = """<style>
.dfa-wait { height: 8px; max-width: 640px; border-radius: 4px; overflow: hidden;
  background: color-mix(in srgb, currentColor 14%, transparent) }
.dfa-wait > div { width: 30%; height: 100%; border-radius: 4px; background: #0072b2;
  animation: dfa-wait 1.6s ease-in-out infinite alternate }
@keyframes dfa-wait { from { margin-left: 0 } to { margin-left: 70% } }
@media (prefers-reduced-motion: reduce) { .dfa-wait > div { animation: none; width: 100%; opacity: 0.5 } }
</style><div class="dfa-wait" role="progressbar" aria-label="Loading"><div></div></div>"""


def words(status: Status) -> str:
    """What an experiment waits for, as plain text; empty where it does not wait, or says so itself."""
    if status.sentence or status.state not in STATES:
        return ""
    if status.state == "queued":
        return "It waits for its turn, and begins by itself."
    return f"Loading {data.facts_of(status.experiment).title}: the first values come with the first steps."


def show(status: Status, gone: Gone | None = None) -> None:
    """In the place of pictures, on a page that looks again by itself: why there are none, and what to do. `gone`: what a look
    at the networks has found, if there was one."""
    over = status.demo and status.state in ENDED and not moment.past(status)
    if status.state in STATES:
        queued = status.state == "queued"
        said = plain(status.sentence or words(status))
        st.markdown(f":material/{'hourglass_empty' if queued else 'downloading'}: **{status.state.capitalize()}.** {said}")
        if not queued:
            st.html(BAR)
        elif not status.demo:
            offer()
        return
    st.info(plain(moment.why(status, gone) if gone else status.sentence), icon=":material/hourglass_empty:")
    if over:
        st.html(BAR)


def offer() -> None:
    """What to do while an experiment is in the queue."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("The demonstration meanwhile", key="waiting_demo", icon=":material/science:", on_click=watching.leave)
        pages.link(pages.EXPERIMENTS, "All that trains here, to wait for or to stop")


def queue(status: Status) -> None:
    """On a page with a chart, which says itself what it waits for: what to do meanwhile, as long as it is in the queue."""
    if status.state == "queued" and not status.demo:
        st.fragment(_until_it_begins, run_every=EVERY)(status.id)


def _until_it_begins(id: str) -> None:
    now = moment.manager().status(id)
    if session.watched != id or now is None or now.state != "queued":
        st.rerun()
    offer()
