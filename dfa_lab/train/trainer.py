"""Trainer: an iterator that advances every run of an experiment by one step on the same batch.

    for records in Trainer(experiment):
        ...

No thread, no queue and no pacing inside: it pauses because nobody calls `next`, and between any two steps its whole
state can be saved and resumed, on the CPU bit for bit. Angles are measured, and the test set is evaluated, after every
epoch, and angles in between as often as is cheap.
"""

from collections.abc import Iterator
from math import ceil, prod
from typing import Self

import torch
from torch import Tensor

from dfa_lab import data
from dfa_lab.config import Experiment
from dfa_lab.device import resolve, threads, title
from dfa_lab.measure.alignment import alignment
from dfa_lab.records import Record
from dfa_lab.seeding import generator
from dfa_lab.train.fitting import check
from dfa_lab.train.run import Run

MOST_POINTS = 1000  # of a curve, unless the experiment asks for more angles
PART = 2_000_000_000  # multiplications that are evaluated at once: some tens of milliseconds on a CPU


class Diverged(ArithmeticError):
    """A run's loss is no longer a finite number; the text says which, when and what to do."""


class Trainer:
    """See the module. `step` counts the optimiser steps done by every run, of `steps` in all."""

    def __init__(self, experiment: Experiment, dataset: data.DataSet | None = None, dtype: torch.dtype = torch.float32):
        """Raises SettingsError and data.DataError, each with sentences for a person."""
        self.experiment = experiment
        self.device = resolve(experiment.device)
        check(experiment)
        self.data = dataset or data.load(experiment, self.device)
        self.dtype = dtype
        shape, classes = self.data.facts.shape, self.data.facts.classes
        self.runs = [Run(experiment, rule, seed, shape, classes, self.device, dtype) for rule, seed in experiment.runs()]
        self.units = tuple(prod(shape) for shape in self.runs[0].network.shapes)  # n_l of every block
        work = self.runs[0].network.multiplications()
        self.threads = threads(max(work) * experiment.batch_size)
        self.evaluated_at_once = int(min(1000, max(16, PART // sum(work))))
        count = f" ({self.threads} thread{'s' if self.threads > 1 else ''})" if self.device.type == "cpu" else ""
        self.device_title = title(self.device) + count
        self.learning_rate = experiment.learning_rate
        self.step = 0
        self.samples = 0
        self._recorded = 0  # samples seen at the last training record
        self.size = len(self.data.x_train)
        self.steps_per_epoch = ceil(self.size / experiment.batch_size)
        self.steps = self.steps_per_epoch * experiment.epochs
        self.record_every = max(1, self.steps // MOST_POINTS)
        cheap = affordable(experiment.probe_size, experiment.batch_size)
        self.measure_every = experiment.measure_every or max(cheap, self.steps // MOST_POINTS)
        self.test_every = ceil(experiment.epochs / MOST_POINTS)  # epochs
        self._parts: Iterator[list[Record]] | None = None  # of a step that has begun
        self._orders: dict[int, tuple[int, Tensor]] = {}  # seed -> (epoch, order of the samples)
        self._probes = {seed: self._probe(seed) for seed in experiment.seeds}

    def __iter__(self) -> Iterator[list[Record]]:
        return self

    def __next__(self) -> list[Record]:
        """One step of every run; the records that are due after it (and, before the first step, those of step 0).

        Raises StopIteration at the end and Diverged when a loss is not finite.
        """
        records = self.advance()
        while not self.between_steps:
            records += self.advance()
        return records

    def advance(self) -> list[Record]:
        """A part of a step, the training or the evaluation of one run, for those who share a device in short turns.

        Raises as `next` does. Save and copy only when `between_steps`.
        """
        if self._parts is None:
            if self.step >= self.steps:
                raise StopIteration
            self._parts = self._step()
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        records = next(self._parts, None)
        if records is None:
            self._parts = None
        return records or []

    @property
    def between_steps(self) -> bool:
        """True if no step has been begun and not ended."""
        return self._parts is None

    @property
    def done(self) -> bool:
        """True after the last step, all of it."""
        return self.step >= self.steps and self.between_steps

    def _step(self) -> Iterator[list[Record]]:
        """The parts of the next step."""
        if self.step == 0:
            yield from self._test()
            yield from self._measure()
        epoch, position = divmod(self.step, self.steps_per_epoch)
        rows = slice(position * self.experiment.batch_size, (position + 1) * self.experiment.batch_size)
        batches: dict[int, tuple[Tensor, Tensor]] = {}
        for (_, seed), run in zip(self.experiment.runs(), self.runs, strict=True):
            if seed not in batches:
                chosen = self._order(seed, epoch)[rows]
                batches[seed] = (self.data.inputs(self.data.x_train[chosen], self.dtype), self.data.y_train[chosen])
            run.step(*batches[seed])
            yield []
        self.step += 1
        self.samples += len(batches[self.experiment.seeds[0]][1])
        at_end = position + 1 == self.steps_per_epoch
        to_test = at_end and ((epoch + 1) % self.test_every == 0 or self.step == self.steps)
        if self.step % self.record_every == 0 or at_end:
            yield self._train()
        if to_test or self.step % self.measure_every == 0 or self._early():
            yield from self._measure()
        if to_test:
            yield from self._test()

    @property
    def epoch(self) -> float:
        """Passes through the training set so far, with fractions."""
        whole, position = divmod(self.step, self.steps_per_epoch)
        return whole + min(1.0, position * self.experiment.batch_size / self.size)

    def set_learning_rate(self, rate: float) -> None:
        """From the next step on, in every run."""
        self.learning_rate = rate
        for run in self.runs:
            for group in run.optimizer.param_groups:
                group["lr"] = rate

    def _early(self) -> bool:
        """Alignment turns first, within a few steps: measure at 1, 2, 4, 8, … too, until the regular ones begin."""
        return self.step < self.measure_every and self.step & (self.step - 1) == 0

    def _order(self, seed: int, epoch: int) -> Tensor:
        """Order of the training samples in an epoch, a function of seed and epoch alone."""
        if self._orders.get(seed, (None,))[0] != epoch:
            order = torch.randperm(self.size, generator=generator(seed, "batches", epoch))
            self._orders[seed] = (epoch, order.to(self.device))
        return self._orders[seed][1]

    def _probe(self, seed: int) -> tuple[Tensor, Tensor]:
        """The fixed batch on which angles are measured: training samples drawn once."""
        chosen = torch.randperm(self.size, generator=generator(seed, "probe"))[: self.experiment.probe_size].to(self.device)
        return self.data.inputs(self.data.x_train[chosen], self.dtype), self.data.y_train[chosen]

    def _record(self, run: int, metric: str, layer: int | None, value: float | None) -> Record:
        return Record(run, metric, layer, value, self.step, self.epoch, self.samples, self.runs[run].seconds)

    def _train(self) -> list[Record]:
        samples, self._recorded = self.samples - self._recorded, self.samples
        sums = torch.stack([run.take_sums() for run in self.runs]).tolist()
        records = []
        for number, (loss, wrong) in enumerate(sums):
            self._require_finite(number, loss)
            records.append(self._record(number, "train_loss", None, loss / samples))
            records.append(self._record(number, "train_error", None, wrong / samples))
        return records

    def _test(self) -> Iterator[list[Record]]:
        x, t = self.data.x_test, self.data.y_test
        sums = torch.zeros(len(self.runs), 2, dtype=torch.float64, device=self.device)
        for start in range(0, len(x), self.evaluated_at_once):
            rows = slice(start, start + self.evaluated_at_once)
            inputs = self.data.inputs(x[rows], self.dtype)
            for number, run in enumerate(self.runs):
                sums[number] += run.evaluate(inputs, t[rows])
                yield []
        records = []
        for number, (loss, wrong) in enumerate((sums / len(x)).tolist()):
            self._require_finite(number, loss)
            records.append(self._record(number, "test_loss", None, loss))
            records.append(self._record(number, "test_error", None, wrong))
        yield records

    def _measure(self) -> Iterator[list[Record]]:
        for number, ((_, seed), run) in enumerate(zip(self.experiment.runs(), self.runs, strict=True)):
            found = alignment(run.rule, run.network, self.experiment.criterion, *self._probes[seed])
            records = []
            for layer, (mean, spread) in found.signal.items():
                records.append(self._record(number, "signal_angle", layer, mean))
                records.append(self._record(number, "signal_angle_std", layer, spread))
            for layer, degrees in found.gradient.items():
                records.append(self._record(number, "gradient_angle", layer, degrees))
            yield records

    def _require_finite(self, number: int, loss: float) -> None:
        if not abs(loss) < float("inf"):
            rule, seed = self.experiment.runs()[number]
            raise Diverged(
                f"{rule} (seed {seed}) diverged by step {self.step}: its loss is no longer a finite number. "
                f"Start again with a learning rate below {self.learning_rate:g}."
            )

    def state(self) -> tuple[dict[str, Tensor], dict[str, object]]:
        """(tensors, numbers): all that the next step depends on. Raises RuntimeError within a step."""
        if not self.between_steps:
            raise RuntimeError("a trainer's state can be taken between steps only")
        tensors = {f"{n}.{name}": tensor for n, run in enumerate(self.runs) for name, tensor in run.tensors().items()}
        numbers = {
            "experiment": self.experiment.model_dump(mode="json"),
            "dtype": str(self.dtype),
            "step": self.step,
            "samples": self.samples,
            "recorded": self._recorded,
            "learning_rate": self.learning_rate,
            "seconds": [run.seconds for run in self.runs],
        }
        return tensors, numbers

    def restore(self, tensors: dict[str, Tensor], numbers: dict) -> Self:
        """Continue from a `state` of the same experiment.

        Raises RuntimeError, LookupError, TypeError or ValueError for one of another network; do not use the trainer then.
        """
        if not 0 <= numbers["step"] <= self.steps:
            raise ValueError(f"step {numbers['step']} of {self.steps}")
        for n, run in enumerate(self.runs):
            run.load_tensors({k.removeprefix(f"{n}."): t for k, t in tensors.items() if k.startswith(f"{n}.")})
            run.seconds = numbers["seconds"][n]
        self.step, self.samples, self._recorded = numbers["step"], numbers["samples"], numbers["recorded"]
        self.set_learning_rate(numbers["learning_rate"])
        return self


def affordable(probe_size: int, batch_size: int) -> int:
    """Steps between two measurements so that they cost under a tenth of the training.

    A measurement passes the probe batch twice forward and twice back, so about as long as 2·probe/batch steps.
    """
    return max(10, ceil(20 * probe_size / batch_size))
