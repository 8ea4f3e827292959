"""A step as a CUDA graph: recorded once, then started as a whole, so that no small kernel waits for Python."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

Batches = Mapping[int, tuple[Tensor, Tensor]]  # seed -> x (N, …), t (N,)


class Captured:
    """`compute` of batches of one size: it writes in place what it changes and gives one tensor back."""

    def __init__(self, compute: Callable[[Batches], Tensor], batches: Batches):
        """Records it, which computes nothing yet. It has been called before, so that libraries have set themselves up."""
        self._batches = {seed: (x.clone(), t.clone()) for seed, (x, t) in batches.items()}
        self._graph = torch.cuda.CUDAGraph()
        # Others may look at networks on the same GPU meanwhile; only this thread must do nothing but this.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._result = compute(self._batches)

    def __call__(self, batches: Batches) -> Tensor:
        for seed, tensors in self._batches.items():
            for own, given in zip(tensors, batches[seed], strict=True):
                own.copy_(given)
        self._graph.replay()
        return self._result.clone()
