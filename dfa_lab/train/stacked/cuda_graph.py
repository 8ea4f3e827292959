"""A computation as a CUDA graph: recorded once, then started as a whole, so that no small kernel waits for Python."""

from collections.abc import Callable

import torch
from torch import Tensor

from dfa_lab.train.stepper import Batches

Compute = Callable[[Batches], tuple[Tensor, ...]]


class Captured:
    """`compute` of batches of one size: it writes in place what it changes and gives tensors back."""

    def __init__(self, compute: Compute, batches: Batches):
        """Records it, which computes nothing yet. It has been called before, so that libraries have set themselves up."""
        self._batches = {seed: (x.clone(), t.clone()) for seed, (x, t) in batches.items()}
        self._places = list(zip(*self._batches.values(), strict=True))  # all x, all t
        self._graph = torch.cuda.CUDAGraph()
        # Others may look at networks on the same GPU meanwhile; only this thread must do nothing but this.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._results = compute(self._batches)

    def __call__(self, batches: Batches) -> tuple[Tensor, ...]:
        for own, given in zip(self._places, zip(*(batches[seed] for seed in self._batches), strict=True), strict=True):
            torch._foreach_copy_(own, given)  # pyright: ignore[reportPrivateImportUsage]
        self._graph.replay()
        return tuple(result.clone() for result in self._results)


class Recorder:
    """One computation for those who want it again and again: from the second time on it is a graph.

    It is named at every call and not kept: whoever has a Recorder would be kept by it for good.
    """

    def __init__(self) -> None:
        self._seen: set[tuple] = set()  # batch sizes and numbers that were computed once
        self._captured: tuple[tuple, Captured] | None = None

    def __call__(self, compute: Compute, batches: Batches, numbers: tuple[float, ...] = ()) -> tuple[Tensor, ...]:
        """`numbers`: all that change between two calls and are no tensors; the graph is recorded anew for others.

        Batches of another size than the graph's, such as those at the end of an epoch, are computed.
        """
        key = tuple(len(t) for _, t in batches.values()), numbers
        if key not in self._seen:
            self._seen.add(key)
            return compute(batches)
        if self._captured is None or (self._captured[0] != key and self._captured[0][1] != key[1]):
            self._captured = key, Captured(compute, batches)
        return self._captured[1](batches) if self._captured[0] == key else compute(batches)
