"""Purging: experiments go for good, with all they have."""

from collections.abc import Callable, Collection

from dfa_lab.machine.disk_room import human
from dfa_lab.runs import disk_space
from dfa_lab.runs.archive import Archive

STAYED = "{} stayed: another server is busy with them. Stop them there first."
FREED = "{} are free for what comes next."


def purge(archive: Archive, ids: Collection[str], delete: Callable[[str], None], *, compact: bool) -> str:
    """Remove these for good; what came of it, for a person. `compact`: the database is made smaller too."""
    store, shares = archive.store, archive.shares
    before, taken = disk_space.measure(store.folder).total, shares.total()
    for id in ids:
        delete(id)
    gone = [id for id in ids if store.get(id) is None]
    disk_space.remove_files(store.folder, gone)
    if compact:
        said = store.compact() or f"{human(max(0, before - disk_space.measure(store.folder).total))} given back."
    else:
        said = FREED.format(human(max(0, taken - shares.total())))
    return f"{said} {STAYED.format(stayed)}" if (stayed := len(ids) - len(gone)) else said
