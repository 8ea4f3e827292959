"""Trainer: an iterator that advances every run of an experiment by one step on the same batch.

    for records in Trainer(experiment):
        ...

No thread, no queue and no pacing inside: it pauses because nobody calls `next`, and between any two steps its whole
state can be saved and resumed, on the CPU bit for bit. What is measured, and evaluated, after which step: plan.py.
"""

import os
from collections.abc import Collection, Iterator
from math import prod
from typing import Self

import torch
from torch import Tensor

from dfa_lab import data, measure
from dfa_lab.feedback.changing import Change
from dfa_lab.machine.device import ALL_THREADS, WORTH_SHARING, resolve, shorten_products, threads, title
from dfa_lab.records import Record
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train import state_numbers
from dfa_lab.train.batches import BatchOrder
from dfa_lab.train.clock import Clock
from dfa_lab.train.evaluate import measured, tested
from dfa_lab.train.grouping import groups
from dfa_lab.train.losses import Diverged as Diverged
from dfa_lab.train.losses import Losses
from dfa_lab.train.plan import Plan
from dfa_lab.train.preflight import check
from dfa_lab.train.run import Run
from dfa_lab.train.starting import start_from
from dfa_lab.train.stepper import Group, Watched

PART = 2_000_000_000  # multiplications that are evaluated at once: some tens of milliseconds on a CPU
FASTER = 50  # times as many on a GPU, at least
Parts = Iterator[list[Record]]  # of a step, each with what it leaves to be recorded


class Trainer:
    """See the module. `step` counts the optimiser steps done by every run, of `steps` in all."""

    def __init__(
        self,
        experiment: Experiment,
        dataset: data.DataSet | None = None,
        dtype: torch.dtype = torch.float32,
        restored: bool = False,
        by_hand: bool = True,
    ):
        """`restored`: `restore` follows, so a saved run that the experiment started from is not needed; `by_hand`: gradients
        are computed as in train/stacked where that knows the network and the rule, else all through autograd.

        Raises SettingsError and data.DataError, each with sentences for a person.
        """
        self.experiment = experiment
        self.device = resolve(experiment.device, experiment.device_number)
        check(experiment)
        self.data = dataset or data.load(experiment, self.device)
        self.dtype = dtype
        self.plan = Plan(experiment, len(self.data.x_train), self.device.type == "cuda", len(self.data.x_test))
        common = self.data.facts.shape, self.data.facts.classes, self.device, dtype, self.plan.steps_per_epoch
        self.runs = [Run(experiment, rule, seed, *common) for rule, seed in experiment.runs()]
        self.units = tuple(prod(shape) for shape in self.runs[0].network.shapes)  # n_l of every block
        work = self.runs[0].network.multiplications()
        largest = max(work) * experiment.batch_size
        self.threads = experiment.threads or threads(largest)
        # whether their number was this machine's choice
        self.threads_chosen = not experiment.threads and self.device.type == "cpu" and largest >= WORTH_SHARING
        most, part = (10_000, FASTER * PART) if self.device.type == "cuda" else (1000, PART)
        self.evaluated_at_once = int(min(most, max(16, part // sum(work))))
        self.learning_rate = experiment.learning_rate
        self.step = self.samples = 0  # done by every run, and seen by it
        self.steps = self.plan.steps
        self.redraws = 0  # of feedback, so far
        self.changes: list[dict[str, object]] = []  # made while it trained, each with its step; `change` makes one again
        self.losses = Losses(experiment, self.runs)
        self.quiet = False  # neither measures nor tests, which changes no weight: for replays
        self._parts: Parts | None = None  # of a step that has begun
        self._by_hand = by_hand
        self._clock = Clock(self.device)
        self._groups: tuple[list[int], list[Group]] | None = None  # of which active runs, and they
        self._seeds: list[int] = []  # of these
        self._batches = BatchOrder(self.data, experiment, self.plan, dtype)
        self.probes = {seed: self._batches.probe(seed) for seed in experiment.seeds}
        if experiment.load and not restored:
            start_from(self.runs, experiment)

    def __iter__(self) -> Iterator[list[Record]]:
        return self

    @property
    def device_title(self) -> str:
        """What a person calls it."""
        count = f" ({self.threads} thread{'s' if self.threads > 1 else ''})" if self.device.type == "cpu" else ""
        return title(self.device) + count

    def use_threads(self, count: object) -> None:
        """Take as many threads of the CPU as this training had before, where there are so many: other sums round otherwise.

        Nothing happens where settings or the network's size say how many, and for what is no such number.
        """
        if self.threads_chosen and type(count) is int and 0 < count <= max(ALL_THREADS, os.cpu_count() or 1):
            self.threads = count

    def __next__(self) -> list[Record]:
        """One step of every run; the records that are due after it (and, before the first step, those of step 0).

        Raises StopIteration at the end and Diverged when no run has a finite loss any more.
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
            if self.done:
                raise StopIteration
            self._parts = self._step()
        if torch.get_num_threads() != self.threads:
            torch.set_num_threads(self.threads)
        if self.device.type == "cuda":
            torch.cuda.set_device(self.device)  # the one on which this thread records steps and marks times
            shorten_products(self.experiment.precision == "tf32")
        if (records := next(self._parts, None)) is None:
            self._parts = None
        return records or []

    @property
    def between_steps(self) -> bool:
        """True if no step has been begun and not ended."""
        return self._parts is None

    @property
    def done(self) -> bool:
        """True after the last step, all of it, or when the schedules of all runs have ended them."""
        return (self.step >= self.steps or not self._active()) and self.between_steps

    def _active(self) -> list[tuple[int, Run]]:
        """(number, run) of those that have neither ended nor failed."""
        runs = enumerate(self.runs)
        return [(number, run) for number, run in runs if not run.schedule.ended and number not in self.failed]

    def _step(self) -> Parts:
        """The parts of the next step."""
        if self.step == 0 and not self.quiet:
            yield from self._test(self._active())
            yield from self._measure(self.plan.groups_after(0), self._active(), {})
        active = self._active()
        together = self._together(active)
        batches = self._batches.batches(self._seeds, self.step)
        groups = frozenset() if self.quiet else self.plan.groups_after(self.step + 1)
        around = groups if groups and measure.chosen(groups, around_steps=True) else ()  # most steps are not watched
        watched: Watched = {}
        for _, stepper in together:
            self._clock.start(stepper.runs)
            watched |= stepper.step(batches, self.step, around, self._clock.paused)
            self._clock.stop()
            yield []
        epoch, position = divmod(self.step, self.plan.steps_per_epoch)
        self.step += 1
        self.samples += next(iter(batches.values()))[1].shape[0]
        at_end = position + 1 == self.plan.steps_per_epoch
        if self.step % self.plan.record_every == 0 or at_end:
            yield self._train(active)
            active = self._active()
        if at_end:
            self._end_epoch(active, epoch + 1)
        ended = at_end and any(run.schedule.ended for _, run in active)
        if self.quiet:
            return
        if groups := frozenset(self.experiment.measures) if ended else groups:
            yield from self._measure(groups, active, watched)
        if ended or self.plan.tests_after(self.step):
            yield from self._test(active)

    def _together(self, active: list[tuple[int, Run]]) -> list[Group]:
        """The runs by who makes its steps with whom."""
        numbers = [number for number, _ in active]
        if self._groups is None or self._groups[0] != numbers:
            self._groups = numbers, groups(active, self.experiment, self._by_hand)
            self._seeds = list(dict.fromkeys(run.seed for _, run in active))
        return self._groups[1]

    def group_of(self, run: int) -> Group:
        """The runs that make their next step in one computation with this one, itself among them, and who makes it.

        Raises StopIteration if the run has ended or failed.
        """
        return next(group for group in self._together(self._active()) if run in group.numbers)

    def next_batch(self, seed: int) -> tuple[Tensor, Tensor]:
        """Inputs and classes of the step that is next, the same for every rule of a seed."""
        return self._batches.batch(seed, self.step)

    def _end_epoch(self, active: list[tuple[int, Run]], done: int) -> None:
        """Let each run's learning rate fall, or the run end, by its own training error."""
        for number, run in active:
            run.schedule.after_epoch(done, self.losses.end_epoch(number) / self.plan.size)
            run.set_rate(self.step)

    @property
    def failed(self) -> dict[int, str]:
        """Runs that diverged and are trained no further, each with a sentence; the others go on."""
        return self.losses.failed

    @property
    def epoch(self) -> float:
        """Passes through the training set so far, with fractions."""
        return self.plan.epoch(self.step)

    def set_learning_rate(self, rate: float) -> None:
        """From the next step on, in every run."""
        self.changes.append({"step": self.step, "learning_rate": rate})
        self.learning_rate = rate
        for run in self.runs:
            run.learning_rate = rate
            run.set_rate(self.step)

    def change_feedback(self, change: Change) -> list[str]:
        """Between two steps, in every run of the rules that have such feedback; their names."""
        self.changes.append({"step": self.step, **change.made()})
        self.redraws += change.how == "redraw"
        found = {
            rule: run.change_feedback(change, self.redraws)
            for (rule, _), run in zip(self.experiment.runs(), self.runs, strict=True)
            if change.rule in ("", rule)
        }
        return [rule for rule, there in found.items() if there]

    def _record(self, run: int, metric: str, layer: int | None, value: float | None) -> Record:
        self._clock.settle()
        return Record(run, metric, layer, value, self.step, self.epoch, self.samples, self.runs[run].seconds)

    def _train(self, active: list[tuple[int, Run]]) -> list[Record]:
        taken = self.losses.taken(active, self.samples, self.step, self.learning_rate)
        return [self._record(number, metric, None, value) for number, metric, value in taken]

    def _test(self, active: list[tuple[int, Run]]) -> Parts:
        kinds = ["", "_adversarial"] if self.experiment.eps else [""]
        for found in tested(active, self.data, self.experiment, self.step, self.evaluated_at_once, self.dtype):
            records = []
            for (number, _), by_kind in zip(active, found, strict=True) if found else ():
                for kind, (loss, wrong) in zip(kinds, by_kind, strict=True):
                    if self.losses.finite(number, loss, self.step, self.learning_rate):
                        records.append(self._record(number, f"test_loss{kind}", None, loss))
                        records.append(self._record(number, f"test_error{kind}", None, wrong))
            self.losses.require_one()
            yield records

    def _measure(self, groups: Collection[str], active: list[tuple[int, Run]], watched: Watched) -> Parts:
        for number, values in measured(active, self._together(active), self.probes, groups, watched):
            yield [self._record(number, metric, layer, value) for (metric, layer), value in values.items()]

    def state(self) -> tuple[dict[str, Tensor], dict[str, object]]:
        """(tensors, numbers): all that the next step depends on. Raises RuntimeError within a step."""
        if not self.between_steps:
            raise RuntimeError("a trainer's state can be taken between steps only")
        self._clock.settle()
        tensors = {f"{n}.{name}": tensor for n, run in enumerate(self.runs) for name, tensor in run.tensors().items()}
        numbers = {
            "experiment": self.experiment.model_dump(mode="json"),
            "dtype": str(self.dtype),
            "step": self.step,
            "samples": self.samples,
            "learning_rate": self.learning_rate,
            "seconds": [run.seconds for run in self.runs],
            "redraws": self.redraws,
            "changes": list(self.changes),
            "schedules": [run.schedule.state() for run in self.runs],
            "threads": self.threads,
            **self.losses.state(),
        }
        return tensors, numbers

    def restore(self, tensors: dict[str, Tensor], numbers: dict) -> Self:
        """Continue from a `state` of the same experiment.

        Raises RuntimeError, LookupError, TypeError or ValueError for one of another network; do not use the trainer then.
        """
        state_numbers.check(numbers, len(self.runs), self.steps)
        self._groups = None  # what their optimisers know becomes another thing
        self._clock = Clock(self.device)
        for n, run in enumerate(self.runs):
            run.load_tensors({k.removeprefix(f"{n}."): t for k, t in tensors.items() if k.startswith(f"{n}.")})
            run.seconds = numbers["seconds"][n]
            run.schedule.restore(numbers["schedules"][n])
        self.step, self.samples = numbers["step"], numbers["samples"]
        self.losses.restore(numbers)
        self.redraws = numbers.get("redraws", 0)  # not in checkpoints of an earlier lab
        self.set_learning_rate(numbers["learning_rate"])
        self.changes = list(numbers.get("changes", []))
        self.use_threads(numbers.get("threads"))
        return self
