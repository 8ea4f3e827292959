"""What the folder of runs takes on the disk, and what can be removed from it."""

import streamlit as st

from app.shell.escape import plain
from app.shell.server import manager
from app.visit.session import Remembered, fresh
from dfa_lab.machine.disk_room import human as size
from dfa_lab.runs import disk_space
from dfa_lab.runs.limits import MEGABYTE

KINDS = {
    "database": "Database of all records",
    "checkpoints": "Checkpoints, to continue experiments",
    "snapshots": "Snapshots of networks",
    "saved": "Saved runs",
    "other": "Other files",
}
STOPPED = ("stopped", "interrupted")
ADMINISTRATORS_REST = "What else the folder of runs holds is for whoever keeps this server."
NO_QUOTA = "There is no limit to it: ui --quota 20GB, or $DFA_LAB_QUOTA, sets one."
QUOTA = (
    "Past steps of the oldest experiments are removed first where that is reached; they can then still be shown, trained again "
    "from the beginning. Records and settings are never removed by themselves."
)


class Removed(Remembered, prefix="removed"):
    """What was taken off the list or the disk last."""

    ids: list[str] = fresh(list)  # they can still be put back
    stayed: int = 0  # how many another server was busy with
    said: str = ""  # how much was given back


removed = Removed()


def show() -> None:
    """What is on the disk, and what can be removed for good: all of it for whoever keeps the server, for others their own."""
    who = manager().rights.who()
    if not who.administrator:
        _own(who.id)
        return
    store = manager().store
    space = disk_space.measure(store.folder)
    with st.container(horizontal=True, gap="large"):
        st.metric("Runs take", size(space.total))
        if (most := manager().quota.most) is not None:
            st.metric("Of a quota of", size(most))
        st.metric("Free on the disk", size(space.free))
    rows = [{"what": KINDS.get(kind, kind), "takes": size(count)} for kind, count in space.kinds.items() if count]
    st.dataframe(rows, hide_index=True, width="content", alt="What the folder of runs holds, by kind")
    st.caption(f"In {plain(str(store.folder.resolve()))}")
    st.caption(QUOTA if most is not None else NO_QUOTA)
    _said()
    st.header("What can be removed", anchor=False)
    _removed(disk_space.removed(store))
    done = disk_space.checkpoints(store)
    _offer(
        "done",
        f"Checkpoints of finished and failed experiments ({len(done.ids)})",
        "They are not needed any more; what was measured stays.",
        done,
        _forget,
    )
    stopped = disk_space.checkpoints(store, STOPPED)
    _offer(
        "stopped",
        f"Checkpoints of stopped and interrupted experiments ({len(stopped.ids)})",
        "What was measured stays, but they cannot be continued any more.",
        stopped,
        _forget,
    )


def _own(id: str) -> None:
    """What a visitor's experiments take, and those of theirs that can go for good."""
    shares, most = manager().shares, manager().rules.limits.disk * MEGABYTE
    with st.container(horizontal=True, gap="large"):
        st.metric("Your experiments take", f"{size(shares.of(id))} of {size(most)}", help="One visitor's may take that.")
        snapshots = size(shares.snapshots().get(id, 0))
        st.metric("Their snapshots", snapshots, help="These give way by themselves where there is no room.")
    _said()
    _removed(disk_space.removed(manager().store, id))
    st.caption(ADMINISTRATORS_REST)


def _said() -> None:
    if removed.said:
        st.info(plain(removed.said), icon=":material/info:")
        removed.said = ""


def _removed(off_the_list: disk_space.Removable) -> None:
    """What was taken off the list can go for good, or be put back."""
    _offer(
        "purge",
        f"Removed experiments ({len(off_the_list.ids)})",
        "With all they measured, for good. Until then they can be put back.",
        off_the_list,
        _purge,
    )
    if off_the_list.ids:
        args = (off_the_list.ids,)
        st.button("Put all of them back", key="space_restore", icon=":material/undo:", on_click=_restore, args=args)


def _offer(key: str, title: str, about: str, removable: disk_space.Removable, act) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        with st.container(gap="xsmall"):
            st.markdown(f"**{title}**")
            st.caption(about)
        if not removable.ids:
            st.caption("Nothing to remove")
            return
        with st.popover(f"Remove, about {size(removable.size)}", icon=":material/delete:"):
            st.write("This cannot be undone.")
            st.button("Remove for good", key=f"space_{key}", type="primary", on_click=act, args=(removable.ids,))


def _purge(ids: tuple[str, ...]) -> None:
    """Experiments with all they have."""
    removed.said = manager().purge(*ids)
    removed.ids = []


def _forget(ids: tuple[str, ...]) -> None:
    manager().rights.administer()
    folder = manager().store.folder
    before = disk_space.measure(folder)
    disk_space.remove_files(folder, ids, ("checkpoints",))
    removed.said = f"{size(max(0, before.total - disk_space.measure(folder).total))} given back."


def _restore(ids: tuple[str, ...]) -> None:
    for id in ids:
        manager().restore(id)
    removed.ids = []
