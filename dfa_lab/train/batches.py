"""The batches of a training: the same for every rule of a seed, and each a function of seed and step alone."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dfa_lab import data
from dfa_lab.data.augmentation import augment
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.plan import Plan


class BatchOrder:
    """The batches of one experiment; inputs have the type `dtype`, and the device that the data are on."""

    def __init__(self, dataset: data.DataSet, experiment: Experiment, plan: Plan, dtype: torch.dtype):
        self._data, self._experiment, self._plan, self._dtype = dataset, experiment, plan, dtype
        self._epochs: dict[int, tuple[int, list[tuple[Tensor, Tensor]]]] = {}  # seed -> (epoch, its batches)

    def batch(self, seed: int, step: int) -> tuple[Tensor, Tensor]:
        """Inputs (N, …) and classes (N,) of the step after this many."""
        chosen, t = self._chosen(seed, step)
        x = self._data.inputs(self._data.x_train.index_select(0, chosen), self._dtype)
        if self._experiment.augment:
            x = augment(x, generator(seed, "augment", step), self._experiment.exact)
        return x, t

    def batches(self, seeds: Sequence[int], step: int) -> dict[int, tuple[Tensor, Tensor]]:
        """`batch` of each of these seeds."""
        if len(seeds) > 1 and self._data.x_train.device.type == "cuda" and not self._experiment.augment:
            return self._together(seeds, step)
        return {seed: self.batch(seed, step) for seed in seeds}

    def _together(self, seeds: Sequence[int], step: int) -> dict[int, tuple[Tensor, Tensor]]:
        """In few kernels. On a CPU a batch would lie at other places in memory, of which the last digits of a step depend."""
        chosen, t = zip(*(self._chosen(seed, step) for seed in seeds), strict=True)
        x = self._data.inputs(self._data.x_train.index_select(0, torch.cat(chosen)), self._dtype).chunk(len(seeds))
        return dict(zip(seeds, zip(x, t, strict=True), strict=True))

    def probe(self, seed: int) -> tuple[Tensor, Tensor]:
        """The fixed batch on which angles are measured: training samples drawn once."""
        order = torch.randperm(len(self._data.x_train), generator=generator(seed, "probe"))
        chosen = order[: self._experiment.probe_size].to(self._data.x_train.device)
        return self._data.inputs(self._data.x_train[chosen], self._dtype), self._data.y_train[chosen]

    def _chosen(self, seed: int, step: int) -> tuple[Tensor, Tensor]:
        """Which training samples (N,), and their classes (N,). Of an epoch all are found at its start, in an order that is a
        function of seed and epoch alone: every call in a step counts."""
        epoch, position = divmod(step, self._plan.steps_per_epoch)
        if self._epochs.get(seed, (None,))[0] != epoch:
            classes = self._data.y_train
            order = torch.randperm(len(classes), generator=generator(seed, "batches", epoch))[: self._plan.size]
            order = order.to(classes.device)
            batches = zip(*(of_all.split(self._plan.batch) for of_all in (order, classes[order])), strict=True)
            self._epochs[seed] = epoch, list(batches)
        return self._epochs[seed][1][position]
