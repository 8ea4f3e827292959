"""Purging: experiments go for good, with all they have."""

from collections.abc import Collection

from dfa_lab.machine.disk_room import human
from dfa_lab.runs import disk_space
from dfa_lab.runs.manager import Manager

STAYED = "{} stayed: another server is busy with them. Stop them there first."
FREED = "{} are free for what comes next."


def purge(manager: Manager, ids: Collection[str]) -> str:
    """Remove these for good; what came of it, for a person. The database is made smaller where whoever acts keeps the server.

    Raises NotAllowed for what is not theirs, and then what came before it has gone.
    """
    store, who = manager.store, manager.rights.who()
    before, taken = disk_space.measure(store.folder).total, _taken(manager)
    for id in ids:
        manager.delete(id)
    gone = [id for id in ids if store.get(id) is None]
    disk_space.remove_files(store.folder, gone)
    if who.administrator:
        said = store.compact() or f"{human(max(0, before - disk_space.measure(store.folder).total))} given back."
    else:
        said = FREED.format(human(max(0, taken - _taken(manager))))
    manager.shares.anew()
    return f"{said} {STAYED.format(stayed)}" if (stayed := len(ids) - len(gone)) else said


def _taken(manager: Manager) -> int:
    """Bytes that all experiments take, as the shares count them."""
    manager.shares.anew()
    return sum(share.kept + share.snapshots for share in manager.shares.all().values())
