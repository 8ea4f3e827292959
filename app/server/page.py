"""Visitors, what is being trained, memory and disk; whoever keeps the server stops, removes and closes here."""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from app.server import limits_form
from app.shell import identity
from app.shell.server import manager
from app.visit import ticks
from app.visit.session import held, hold
from dfa_lab.compare import table
from dfa_lab.machine import memory
from dfa_lab.machine.disk_room import human
from dfa_lab.paper.texts import duration
from dfa_lab.runs import disk_space
from dfa_lab.runs.rights import ADMINISTRATORS
from dfa_lab.runs.store.server import ACTIVE
from dfa_lab.runs.store.stored import Stored
from dfa_lab.runs.visitors import called

EVERY = 3.0  # seconds
MOST = 2000  # experiments
LATELY = 15 * 60  # seconds
CLOSED, TABLE = "server_closed", "server_active"
ALONE = (
    "This server listens to this computer alone, and everything on it is yours. `make run ADDRESS=0.0.0.0` lets others on the "
    "network in, `dfa-lab ui --shared` shares it through a proxy: then everybody owns what they begin, and this page shows who "
    "is there."
)


def show() -> None:
    """All of it; it ticks."""
    if not manager().rights.who().administrator:
        st.info(ADMINISTRATORS, icon=":material/lock:")
        return
    if not identity.shared():
        st.info(ALONE, icon=":material/home:")
    st.fragment(_page, run_every=EVERY)()
    limits_form.show()


def _page() -> None:
    everything = manager().store.experiments(MOST, demos=False)
    active = [one for one in everything if one.state in ACTIVE]
    known = manager().visitors.all()
    space = disk_space.measure(manager().store.folder)
    with st.container(horizontal=True, gap="large"):
        st.metric("Training or waiting", len(active))
        if identity.shared():
            st.metric("Visitors in the last 15 minutes", sum(time.time() - one.last < LATELY for one in known))
        st.metric("Memory free", f"{human(memory.free())} of {human(memory.available())}")
        st.metric("Runs take", human(space.total) + (f" of {human(most)}" if (most := manager().quota.most) else ""))
        st.metric("Free on the disk", human(space.free))
    if identity.shared():
        hold(CLOSED, manager().rules.closed)
        st.toggle(
            "Closed for new experiments",
            key=CLOSED,
            on_change=_close,
            help="What runs goes on, and everything can be looked at. You yourself can still begin what you like.",
        )
    _active(active)
    if identity.shared():
        _visitors(known, everything)


def _close() -> None:
    manager().rights.close(bool(held(CLOSED)))


def _active(active: Sequence[Stored]) -> None:
    """What is being trained, and the buttons for what is chosen of it."""
    st.subheader("Being trained", anchor=False)
    if not active:
        st.caption("Nothing but the demonstration.")
        return
    names = manager().visitors.names()
    rows = []
    for one in active:
        status = manager().status(one.id)
        done = status.step / status.steps if status and status.steps else None
        rows.append(
            {
                "What": table.about(one),
                "Name": one.name,
                "Whose": "you" if not one.owner else names.get(one.owner) or called(one.owner),
                "State": one.state,
                "Done": done,
                "Left": None if status is None or status.left is None else duration(status.left),
                "Started": datetime.fromtimestamp(one.created),
                "id": one.id,
            }
        )
    frame = pd.DataFrame(rows)
    st.dataframe(
        frame,
        key=TABLE,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={"Done": st.column_config.ProgressColumn("Done", min_value=0.0, max_value=1.0)},
        alt="Experiments that are being trained or wait, one a row; the buttons below act on the chosen ones.",
    )
    picked = [active[row].id for row in held(TABLE, {}).get("selection", {}).get("rows", []) if row < len(active)]
    with st.container(horizontal=True, gap="small"):
        many = f"{len(picked)} chosen" if picked else "Choose rows to act on them"
        st.button("Stop", key="server_stop", icon=":material/stop:", disabled=not picked, on_click=_stop, args=(picked,))
        st.button(
            "Remove", key="server_remove", icon=":material/delete:", disabled=not picked, on_click=_remove, args=(picked,)
        )
        st.caption(many)


def _stop(ids: Sequence[str]) -> None:
    for id in ids:
        manager().stop(id)


def _remove(ids: Sequence[str]) -> None:
    for id in ids:
        manager().remove(id)
    ticks.anew()


def _visitors(known: Sequence, everything: Sequence[Stored]) -> None:
    st.subheader("Visitors", anchor=False)
    if not known:
        st.caption("Nobody has been here yet.")
        return
    kept = Counter(one.owner for one in everything)
    busy = Counter(one.owner for one in everything if one.state in ACTIVE)
    rows = [
        {
            "Visitor": called(one.id, one.name),
            "Being trained": busy[one.id],
            "Experiments": kept[one.id],
            "First seen": datetime.fromtimestamp(one.first),
            "Last seen": datetime.fromtimestamp(one.last),
        }
        for one in known
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt="Those who have been on this server, who was seen last first.")
