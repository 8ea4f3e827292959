"""The live chart on a page: what it is told once. It asks for all that comes after by itself (`app/live/route.py`)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from app.live import glances, layer_maps, route
from app.live.component import live
from app.live.message import around, message
from app.shell import pages
from app.shell.server import manager
from app.visit import before, chosen, moment, projector, watching, whose
from app.visit.session import Remembered, session
from dfa_lab.runs.live import ACTIVE, Status
from dfa_lab.runs.store.known_wrong import OTHER_SECONDS, SAID, other_seconds

DEMO_NOTE = (
    "A demonstration: three equal networks learn to read digits, each told of its mistakes in another way. "
    "Change a setting or press Start for one of your own."
)


class Drawn(Remembered, prefix="shown"):
    """What the page around the chart was drawn for."""

    around: str = ""


drawn = Drawn()


class Sizes(NamedTuple):
    """What − and + above the drawings of the networks do, see app/form/network_size.py."""

    offered: list[dict[str, Any]]
    take: Callable[[object], None]


NO_SIZES = Sizes([], lambda wanted: None)


def show(
    status: Status,
    current: Callable[[], Status] = watching.now,
    key: str = "live",
    measure: str = "",
    sizes: Sizes = NO_SIZES,
) -> None:
    """Mount the chart of what `current` gives; it goes on asking while there is something to wait for.

    `key`: of the chart, one for each page that has one; `measure`: of the maps on the page "Angles", see `layer_maps`.
    """
    drawn.around = around(status)
    st.fragment(_chart)(current, key, measure, sizes)


def _chart(current: Callable[[], Status], key: str, measure: str, sizes: Sizes) -> None:
    """Runs with the page, and when the chart says that what is around it has changed."""
    if sizes.offered and chosen.marks.changed:
        st.rerun()  # the form, by a press in the chart: the page begins what it says
    status = current()
    if around(status) != drawn.around and not _demo_goes_on(status):
        st.rerun()
    drawn.around = around(status)
    note = manager().problem or (DEMO_NOTE if status.demo else _about(status))
    view = message(status, note, projector.on(), moment.marker(status))
    view |= {"address": route.address(status.id, measure), "waits": status.state in ACTIVE or status.demo}
    view |= {"before": before.of(status.id), "sizes": sizes.offered}
    if measure:
        view |= {"layout": "angles", "heat": layer_maps.heat(status, measure)}
    else:
        glance, awaited = glances.of_moment(status)
        view |= {"glance": glance, "awaited": awaited}
    if wanted := live(view, key, sizes.take):
        pages.go(pages.named(wanted))


def _about(status: Status) -> str:
    """Where it comes from, and what is left out of its curves."""
    left_out = SAID if manager().store.left_out([status.id]) else ""
    stored = manager().store.get(status.id)
    clock = OTHER_SECONDS if stored is not None and other_seconds(stored.versions) else ""
    return " ".join(filter(None, [whose.sentence(status.owner), moment.origin(status), left_out, clock]))


def _demo_goes_on(status: Status) -> bool:
    """Whether one showing follows another, so that the page around the chart stays as it is."""
    return status.demo and session.watched is None
