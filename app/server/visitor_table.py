"""Who has been on a shared server, what theirs take, and what can be removed of it for good."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from app.shell.escape import plain
from app.shell.server import manager
from app.visit import ticks
from app.visit.session import Remembered
from dfa_lab.machine.disk_room import human
from dfa_lab.runs import disk_space
from dfa_lab.runs.store.server import ACTIVE
from dfa_lab.runs.store.stored import Stored
from dfa_lab.runs.visitors import Known, called

KEEPER = Known("", "", 0.0, 0.0)  # whose experiments are nobody else's
ABOUT_SNAPSHOTS = "Past steps, which give way by themselves where there is no room."


class Purged(Remembered, prefix="server"):
    """What was removed for good last."""

    said: str = ""


purged = Purged()


def show(known: Sequence[Known], everything: Sequence[Stored]) -> None:
    """The table, and how to remove what is somebody's; `everything`: the experiments on the list."""
    st.header("Visitors", anchor=False)
    if not known:
        st.caption("Nobody has been here yet.")
        return
    shares = manager().shares.all()
    people = [*known, *([KEEPER] if "" in shares else [])]
    kept = Counter(one.owner for one in everything)
    busy = Counter(one.owner for one in everything if one.state in ACTIVE)
    snapshots = manager().shares.snapshots()
    columns = {
        "Visitor": [called(one.id, one.name) for one in people],
        "Being trained": [busy[one.id] for one in people],
        "Experiments": [kept[one.id] for one in people],
        "On the disk": [human(shares.get(one.id, 0)) for one in people],
        "Snapshots": [human(snapshots.get(one.id, 0)) for one in people],
        "First seen": [_time(one.first) for one in people],
        "Last seen": [_time(one.last) for one in people],
    }
    look = {"Snapshots": st.column_config.TextColumn(help=ABOUT_SNAPSHOTS)}
    alt = "Those who have been on this server, who was seen last first."
    st.dataframe(pd.DataFrame(columns), hide_index=True, column_config=look, alt=alt)
    if purged.said:
        st.info(plain(purged.said), icon=":material/info:")
    with st.popover("Remove for good", icon=":material/delete:"):
        _offer(people)


def _time(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds) if seconds else None


def _offer(people: Sequence[Known]) -> None:
    """Whose experiments go, and which of them; told before it is done."""
    names = {one.id: called(one.id, one.name) for one in people}
    whose = st.selectbox(
        "Whose experiments", list(names), format_func=lambda id: names.get(id) or called(id), key="server_whose"
    )
    if whose is None:
        return
    off_the_list, all_of_them = disk_space.removed(manager().store, whose), disk_space.owned(manager().store, whose)
    st.write("This cannot be undone.")
    for key, title, ids in (
        ("removed", f"What they removed ({len(off_the_list.ids)})", off_the_list.ids),
        ("all", f"All of them ({len(all_of_them)}), and stop what runs", all_of_them),
    ):
        st.button(title, key=f"server_purge_{key}", disabled=not ids, on_click=_purge, args=(ids,))


def _purge(ids: tuple[str, ...]) -> None:
    manager().rights.administer()
    purged.said = manager().purge(*ids)
    ticks.anew()
