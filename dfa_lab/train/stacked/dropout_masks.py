"""The dropout masks of a fleet: every run gets those of its seed."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dfa_lab.seeding import number as seeded
from dfa_lab.train.run import Run


class Masks:
    """For runs in the order in which their tensors are stacked. One run of each seed is the source of the masks of all."""

    def __init__(self, runs: Sequence[Run]):
        seeds = list(dict.fromkeys(run.seed for run in runs))
        self.sources = [next(run for run in runs if run.seed == seed) for seed in seeds]
        self._seed_of = [seeds.index(run.seed) for run in runs]

    def start(self, number: int) -> None:
        """The next masks are those of the step after this many."""
        for source in self.sources:
            source.network.noise.start(lambda run=source: seeded(run.seed, "dropout", number, "clean"))

    def __call__(self, h: Tensor, p: float) -> Tensor:
        """The next mask of the step, shaped as h: (N, …) of one run, (R, N, n) or (N, R·C, …)."""
        count = len(self._seed_of)
        if count == 1:
            return self.sources[0].network.noise.mask(h, p)
        if h.dim() == 3:
            masks = [run.network.noise.mask(h[0], p) for run in self.sources]
            return torch.stack([masks[seed] for seed in self._seed_of])
        own = h[:, : h.shape[1] // count]
        masks = [run.network.noise.mask(own, p) for run in self.sources]
        return torch.cat([masks[seed] for seed in self._seed_of], 1)
