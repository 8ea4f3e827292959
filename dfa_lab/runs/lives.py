"""Lives: the experiments that a server holds in memory, by their ids."""

import threading

from dfa_lab.runs.live import Live


class Lives:
    """Reading is safe from any thread. Who adds or removes after a look at what there is holds `lock` meanwhile.

    Locks are taken in this order: `lock`, then the `turn` or the `lock` of an experiment.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.closed = False  # the server stops: nothing new begins
        self.demo: str | None = None  # the id of the demonstration, which is not let go of for being old
        self._by_id: dict[str, Live] = {}  # the one that was added last at the end

    def __getitem__(self, id: str) -> Live:
        """The experiment of this id. Raises KeyError."""
        return self._by_id[id]

    def __contains__(self, id: str) -> bool:
        return id in self._by_id

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, id: str | None) -> Live | None:
        """The experiment, or None if there is none of this id in memory."""
        return self._by_id.get(id or "")

    def all(self) -> list[Live]:
        """A copy of the list, in the order in which they were added."""
        return list(self._by_id.values())

    def add(self, live: Live) -> None:
        """Put an experiment at the end, in place of one of the same id."""
        with self.lock:
            self._by_id.pop(live.id, None)
            self._by_id[live.id] = live

    def pop(self, id: str) -> Live | None:
        """Remove an experiment and return it; None if there is none of this id."""
        with self.lock:
            return self._by_id.pop(id, None)

    def drop(self, live: Live) -> None:
        """Remove this experiment, but not one of the same id that has taken its place meanwhile."""
        with self.lock:
            if self._by_id.get(live.id) is live:
                del self._by_id[live.id]
