"""Visitors, what is being trained, memory and disk; whoever keeps the server stops, removes and closes here."""

import time
import zlib
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from app.people import identity
from app.server import limits_form, visitor_table
from app.shell.server import manager
from app.visit import run_columns, ticks
from app.visit.session import Remembered, fresh, held, hold, known
from dfa_lab.machine import memory
from dfa_lab.machine.disk_room import human
from dfa_lab.runs import disk_space
from dfa_lab.runs.rights import ADMINISTRATORS
from dfa_lab.runs.store.server import ACTIVE
from dfa_lab.runs.store.stored import Stored

EVERY = 3.0  # seconds
MOST = 2000  # experiments
LATELY = 15 * 60  # seconds
CLOSED = "server_closed"
ALONE = (
    "This server listens to this computer alone, and everything on it is yours. `make run ADDRESS=0.0.0.0` lets others on the "
    "network in, `dfa-lab ui --shared` shares it through a proxy: then everybody owns what they begin, and this page shows who "
    "is there."
)


class Table(Remembered, prefix="server"):
    """What the table of what is being trained was drawn for."""

    ids: list[str] = fresh(list)  # of its rows
    chosen: list[str] = fresh(list)


rows = Table()


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
    people = manager().visitors.all()
    space = disk_space.measure(manager().store.folder)
    with st.container(horizontal=True, gap="large"):
        st.metric("Training or waiting", len(active))
        if identity.shared():
            st.metric("Visitors in the last 15 minutes", sum(time.time() - one.last < LATELY for one in people))
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
        visitor_table.show(people, everything)


def _close() -> None:
    manager().rights.close(bool(held(CLOSED)))


def _active(active: Sequence[Stored]) -> None:
    """What is being trained, and the buttons for what is chosen of it."""
    st.header("Being trained", anchor=False)
    picked = _picked([one.id for one in active])
    if not active:
        st.caption("Nothing but the demonstration.")
        return
    frame = pd.DataFrame(run_columns.columns(active))
    frame["id"] = rows.ids
    st.dataframe(
        frame,
        key=_key(),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [rows.ids.index(id) for id in picked], "columns": [], "cells": []}},
        column_config=run_columns.looks(),
        alt="Experiments that are being trained or wait, one a row; the buttons below act on the chosen ones.",
    )
    with st.container(horizontal=True, gap="small"):
        many = f"{len(picked)} chosen" if picked else "Choose rows to act on them"
        st.button("Stop", key="server_stop", icon=":material/stop:", disabled=not picked, on_click=_stop, args=(picked,))
        st.button(
            "Remove", key="server_remove", icon=":material/delete:", disabled=not picked, on_click=_remove, args=(picked,)
        )
        st.caption(many)


def _picked(ids: list[str]) -> list[str]:
    """Experiments that are chosen in the table as it was drawn last; from now on it is drawn with these experiments."""
    if known(_key()):
        chosen = held(_key()).get("selection", {}).get("rows", [])
        rows.chosen = [rows.ids[row] for row in chosen if row < len(rows.ids)]
    rows.ids, rows.chosen = ids, [id for id in rows.chosen if id in ids]
    return rows.chosen


def _key() -> str:
    """The key of the table with these rows: the numbers of the chosen ones mean others when one has gone."""
    return f"server_active_{zlib.crc32(' '.join(rows.ids).encode())}"


def _stop(ids: Sequence[str]) -> None:
    for id in ids:
        manager().stop(id)


def _remove(ids: Sequence[str]) -> None:
    for id in ids:
        manager().remove(id)
    ticks.anew()
