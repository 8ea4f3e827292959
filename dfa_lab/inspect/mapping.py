"""Maps of several layers, one after another in a process of their own: the server goes on, and so does the training."""

import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import numpy as np

from dfa_lab.inspect import tsne
from dfa_lab.machine.priority import end_first

PROCESS = 230 * 10**6  # bytes of a process with what it imports
COPIES = 6  # of the layer that is being embedded, some in 64 bits
NEIGHBOURS = 4000  # bytes of a sample's neighbours and forces
KILL = -9  # the exit status after SIGKILL, of which not every system knows the name
KILLED = "their process was killed, as a system does that has no memory left"
ROOT = Path(__file__).parents[2]


def memory_of(layers: Sequence[np.ndarray], t: np.ndarray) -> int:
    """Bytes that a Mapping of these takes at most, beside them."""
    return PROCESS + COPIES * max(4 * layer.size for layer in layers) + NEIGHBOURS * len(t)


class Mapping:
    """t-SNE of layers, each (N, n_l), of samples of the classes t (N,). It begins at once.

    `maps` holds the finished ones, (N, 2), in order. Raises OSError where no process can be started.
    """

    def __init__(self, layers: Sequence[np.ndarray], t: np.ndarray, over: Callable[[], object] = lambda: None):
        """`over`: called when its process has ended."""
        self._over = over
        self.count, self.t = len(layers), t
        self.maps: list[np.ndarray] = []
        self.problem = ""  # why it ended before the last map, unless it was cancelled
        self.cancelled = False
        self._began = time.monotonic()
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dfa_lab.inspect.tsne"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        end_first(self.process.pid)  # from its beginning on: what it imports takes memory too
        weakref.finalize(self, self.process.kill)  # at the end of the server too
        self._thread = threading.Thread(target=self._follow, args=(list(layers),), daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether there are maps to come."""
        return self._thread.is_alive()

    def left(self) -> float | None:
        """Seconds, about; None before the first map is there."""
        done = len(self.maps)
        return (time.monotonic() - self._began) / done * (self.count - done) if done else None

    def cancel(self) -> None:
        """End it now; its process is gone when this returns."""
        self.cancelled = True
        self.process.kill()
        self._thread.join()

    def _follow(self, layers: list[np.ndarray]) -> None:
        process = self.process
        give, take, complaints = (cast(IO[bytes], pipe) for pipe in (process.stdin, process.stdout, process.stderr))
        try:
            tsne.write(give, self.t[:, None])
            while layers and not self.cancelled:
                tsne.write(give, layers.pop(0))
                found = tsne.read(take)
                if found is None:
                    break
                self.maps.append(found.astype(np.float64))
        except OSError:
            pass  # it has ended: why, it has said
        finally:
            with suppress(OSError):
                give.close()
            said = complaints.read().decode(errors="replace").strip()
            process.wait()
            for pipe in (take, complaints):
                pipe.close()
            self._over()
        if len(self.maps) < self.count and not self.cancelled:
            ended = KILLED if process.returncode == KILL else f"its process ended with status {process.returncode}"
            last = said.splitlines()[-1] if said else ended
            self.problem = last.removeprefix("ValueError: ")
