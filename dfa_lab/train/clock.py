"""Clock: the seconds of computing that runs spend in their steps, so that rules can be compared over them.

Only the time of the thread that trains is counted, not what passes while others have the processor or the interpreter: on a
server with visitors that would be their time. A GPU works on while Python is elsewhere, so it keeps its own time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import thread_time

import torch

from dfa_lab.train.run import Run


class Clock:
    """Adds to `Run.seconds`. Those on a GPU are known once it is waited for: `settle` does, when something is recorded."""

    def __init__(self, device: torch.device):
        # The stream is asked for once: torch takes longer to say which it is than to mark a place in it.
        self._stream = torch.cuda.current_stream(device) if device.type == "cuda" else None
        self._runs: Sequence[Run] = ()
        self._began = 0.0
        self._start: torch.cuda.Event | None = None
        self._spans: list[tuple[Sequence[Run], torch.cuda.Event, torch.cuda.Event]] = []  # on the GPU, not yet added

    def start(self, runs: Sequence[Run]) -> None:
        """From now on the time is spent by these runs, in equal parts."""
        self._runs = runs
        if self._stream:
            self._start = _mark(self._stream)
        else:
            self._began = thread_time()

    def stop(self) -> None:
        """Until now."""
        if self._stream and self._start:
            self._spans.append((self._runs, self._start, _mark(self._stream)))
        else:
            _share(self._runs, thread_time() - self._began)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is done inside is no part of a step."""
        self.stop()
        yield
        self.start(self._runs)

    def settle(self) -> None:
        """What has been stopped is in the runs' seconds. Waits for a GPU."""
        for runs, start, end in self._spans:
            end.synchronize()
            _share(runs, start.elapsed_time(end) / 1000)
        self._spans.clear()


def _mark(stream: torch.cuda.Stream) -> torch.cuda.Event:
    event = torch.cuda.Event(enable_timing=True)
    event.record(stream)
    return event


def _share(runs: Sequence[Run], seconds: float) -> None:
    each = seconds / len(runs)
    for run in runs:
        run.seconds += each
