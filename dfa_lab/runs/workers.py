"""Workers: the threads that train, one a device, and one of its own for each experiment whose steps are long.

What is small takes turns in one thread. What is heavy would let it wait for seconds, so it trains apart, in a thread of lower
priority: the system then gives it what the others leave, and at least about a quarter of a core.
"""

import threading

from dfa_lab.machine.device import resolve
from dfa_lab.runs.live import Live
from dfa_lab.runs.worker import Listener, Worker


def device_of(live: Live) -> str:
    """The name of an experiment's device; cuda and cuda:0 are one."""
    device = resolve(live.experiment.device, live.experiment.device_number)
    return f"{device.type}:{device.index or 0}"


class Workers:
    """Every method may be called from any thread."""

    def __init__(self, listener: Listener):
        self._listener = listener
        self._lock = threading.Lock()
        self._by_name: dict[str, Worker] = {}
        self._closed = False

    def train(self, live: Live) -> None:
        """Give an experiment whose networks are there to the thread that its weight asks for."""
        name = f"{device_of(live)} {live.id}" if live.weight.heavy else device_of(live)
        with self._lock:
            if self._closed:  # while its data were loading
                return
            live.worker = name
            worker = self._by_name.get(name)
            if worker is None or not worker.add(live):
                self._by_name = {name: one for name, one in self._by_name.items() if one.open}
                self._by_name[name] = Worker(name, self._listener, self.train, live)

    def wake(self, live: Live) -> None:
        """Something has changed that its worker looks at before a step."""
        with self._lock:  # one that begins just now may have looked already
            worker = self._by_name.get(live.worker)
        if worker is not None:
            worker.wake()

    def close(self, seconds: float) -> None:
        """Let the parts in hand come to their end, within so many seconds: one that lasts longer is left to itself."""
        with self._lock:
            self._closed, workers = True, list(self._by_name.values())
        for worker in workers:
            worker.close()
        for worker in workers:
            worker.join(seconds)
