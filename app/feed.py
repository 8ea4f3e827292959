"""The ticking fragment: sends the live chart what is new, and redraws the page when the state has changed."""

from collections.abc import Callable

import streamlit as st

from app import forking, moment, projector, watching
from app.engine import manager
from app.live import live
from app.shared_records import SharedRecords
from app.view import message
from dfa_lab.runs.live import ACTIVE, Status

EVERY = 1.0  # seconds
OVERLAP = 3  # ticks that are sent again, for messages that a browser misses
LARGE = 2000  # records
SHARED = SharedRecords()
DEMO_NOTE = (
    "Three identical networks learn handwritten digits, one by each rule: watch the signals of fa and dfa turn from 90° "
    "towards the true gradient. All newcomers share this demonstration; choose settings and press Start for your own."
)


def show(
    status: Status,
    current: Callable[[], Status] = watching.now,
    key: str = "live",
    more: Callable[[Status], dict] = lambda _: {},
) -> None:
    """Mount the chart of what `current` gives; it ticks while there is something to wait for.

    `key`: of the chart, one for each page that has one; `more`: what its view has besides the message.
    """
    waiting = status.state in ACTIVE or status.demo
    st.session_state.shown_state = _shown(status)
    st.fragment(_tick, run_every=EVERY if waiting else None)(current, key, more)


def _tick(current: Callable[[], Status], key: str, more: Callable[[Status], dict]) -> None:
    status = current()
    if _shown(status) != st.session_state.shown_state and not _demo_goes_on(status):
        st.rerun()
    st.session_state.shown_state = _shown(status)
    sent = st.session_state.setdefault(f"sent_{key}", {"id": None, "starts": [0]})
    if sent["id"] != status.id:
        sent.update(id=status.id, starts=[0])
    start = sent["starts"][0]
    records, reached = SHARED.since(status.id, start, manager().records, status.state == "running")
    # what an ordinary tick brings is sent again; a whole history is not: a browser that missed it asks
    sent["starts"] = [*sent["starts"], reached][-OVERLAP:] if reached - start < LARGE else [reached]
    note = manager().problem or (DEMO_NOTE if status.demo else forking.note(status))
    view = message(status, records, note, projector.on(), moment.marker(status)) | more(status)

    def resync(have: int) -> None:
        sent["starts"] = [have]

    live(view, key=key, on_resync=resync)


def _shown(status: Status) -> tuple[str, str]:
    """What the page around the chart depends on: a new one is drawn only then, since that closes what somebody has open."""
    return status.id, "running" if status.state in ("queued", "loading") else status.state


def _demo_goes_on(status: Status) -> bool:
    """One showing follows another: the page around the chart stays as it is."""
    return status.demo and st.session_state.get("watched") is None
