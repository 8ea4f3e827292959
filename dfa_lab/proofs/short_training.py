"""Proofs 4 and 5: a short training of the chosen rules beside the frozen control, and what it shows.

Proof 4: the test error of each rule beside that of the control, whose hidden layers stay as they were drawn.
Proof 5: the angles between the rules' signals and the true gradient after that training.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from math import hypot

import torch
from torch import Tensor

from dfa_lab import data, feedback, networks
from dfa_lab.measure.lengths import length
from dfa_lab.proofs.control import Control, SoFar, beside_control, shrinks
from dfa_lab.proofs.control_training import ControlTraining, Progress
from dfa_lab.proofs.signal_angles import Aligned, aligned
from dfa_lab.proofs.verdicts import promise
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.autograd.probe import alignment
from dfa_lab.train.run import Run
from dfa_lab.train.trainer import Diverged, Trainer

NEVER = 1_000_000  # steps
MOST_STEPS = 2000
MOST_TEST = 2000  # samples
MOST_PROBE = 128
WORK = 10_000_000_000  # multiplications of a forward pass on the test samples: seconds
STEP = 1_000_000_000  # of a step's forward pass: a tenth of a second


@dataclass(frozen=True)
class Outcome:
    """`control` and `aligned` by rule, the control itself among the former; `notes`: sentences on what was reduced."""

    step: int
    samples: int  # of the test set
    control: dict[str, Control]
    aligned: dict[str, Aligned]
    notes: list[str]


class ShortTraining:
    """Iterate over it to train, for `seconds` at most; it may be left at any time, and has an outcome at any time."""

    def __init__(self, experiment: Experiment, seconds: float, dataset: data.DataSet | None = None, to_end: bool = False):
        """`to_end`: after it the control is trained until its error no longer falls, and the rules are set beside that one.

        Raises SettingsError and data.DataError for what cannot be begun.
        """
        self.seconds, self._asked, self._diverged = seconds, experiment, ""
        facts = data.whole(experiment)
        network = networks.build(experiment, facts.shape, facts.classes, experiment.seeds[0])
        self._work = sum(network.multiplications())
        changes = {
            "rules": tuple(dict.fromkeys((*experiment.rules, feedback.control()))),
            "seeds": experiment.seeds[:1],
            "batch_size": min(experiment.batch_size, max(1, STEP // self._work)),
            "threads": 1,
            "measure_every": NEVER,
            "probe_size": 2,
            "save": "",
            "load": "",
        }
        self.experiment = experiment.model_copy(update=changes)
        self._trainer = Trainer(self.experiment, dataset)
        whole = self._trainer.data
        self._whole = len(whole.x_test)
        self._data = _with_fewer_tests(whole, self._work, experiment.seeds[0])
        # what the trainer itself tests at times is not used here: two samples are enough
        self._trainer.data = replace(whole, x_test=whole.x_test[:2], y_test=whole.y_test[:2])
        self._before = {rule: _hidden(run) for rule, run in self._runs()}
        self._steps = min(MOST_STEPS, self._trainer.steps)
        self._longer = ControlTraining(self.experiment, seconds, whole) if to_end else None

    def _runs(self) -> Iterator[tuple[str, Run]]:
        return zip(self.experiment.rules, self._trainer.runs, strict=True)

    def __iter__(self) -> Iterator[Progress]:
        """One optimiser step of one run at a time. A rule that diverges ends the training."""
        yield from self._together()
        if self._longer and not self._diverged:
            yield from self._longer

    def _together(self) -> Iterator[Progress]:
        began = time.monotonic()
        while not self.finished:
            past = time.monotonic() - began
            if past > self.seconds and self._trainer.between_steps and self._trainer.step:
                return
            with suppress(Diverged):
                self._trainer.advance()
            if self._trainer.failed:
                self._diverged = next(iter(self._trainer.failed.values()))
                return
            done = max(past / self.seconds, self._trainer.step / self._steps)
            yield Progress(self._trainer.step, min(1.0, done), max(0.0, past / done - past) if done else self.seconds)

    @property
    def finished(self) -> bool:
        """Whether every step that was intended is done."""
        return self._trainer.done or (self.step >= self._steps and self._trainer.between_steps)

    @property
    def step(self) -> int:
        """Optimiser steps that every run has done."""
        return self._trainer.step

    def outcome(self) -> Outcome:
        """The outcome of the steps done so far."""
        longer = self._longer.best if self._longer else None
        compared = dict(self._runs())
        if longer:
            compared[feedback.control()] = longer.run
        right = {rule: self._right(run) for rule, run in compared.items()}
        moved = {rule: _moved(_hidden(run), self._before[rule]) for rule, run in compared.items()}
        promises = {rule: promise(rule) for rule in self.experiment.rules}
        control = {}
        for rule, kind in promises.items():
            so_far = SoFar(self.step, self.finished, shrinks(self.experiment), longer.words() if longer else "")
            control[rule] = beside_control(rule, kind, right[rule], right[feedback.control()], moved[rule], so_far)
        probe = self._probe()
        angles = {}
        for rule, run in self._runs():
            found = alignment(run.rule, run.network.eval(), self.experiment.criterion, *probe)
            angles[rule] = aligned(rule, promises[rule], found, self.finished)
        return Outcome(self.step, len(self._data.x_test), control, angles, self._notes())

    @torch.no_grad()
    def _right(self, run: Run) -> Tensor:
        """(test samples,) whether each is classified rightly."""
        network, at_once, data = run.network.eval(), self._trainer.evaluated_at_once, self._data
        rows = [slice(n, n + at_once) for n in range(0, len(data.x_test), at_once)]
        return torch.cat([network(data.inputs(data.x_test[r])).argmax(1) == data.y_test[r] for r in rows]).cpu()

    def _probe(self) -> tuple[Tensor, Tensor]:
        data = self._data
        size = int(max(2, min(MOST_PROBE, WORK / 10 // self._work)))
        order = torch.randperm(len(data.x_train), generator=generator(self.experiment.seeds[0], "probe"))
        chosen = order[:size].to(data.x_train.device)
        return data.inputs(data.x_train[chosen]), data.y_train[chosen]

    def _notes(self) -> list[str]:
        notes = [f"{self.step:,} of the {self._trainer.steps:,} steps of the settings, with seed {self._asked.seeds[0]}."]
        if (size := self.experiment.batch_size) < self._asked.batch_size:
            notes.append(f"Batches of {size} instead of {self._asked.batch_size}, so that more steps fit into the time.")
        if len(self._data.x_test) < self._whole:
            notes.append(f"Tested on {len(self._data.x_test):,} of {self._whole:,} samples, drawn at random.")
        if self.experiment.init == "paper" or self.experiment.exact:
            notes.append(
                "With these initial weights the control may start from others than fa and dfa, which may start from zero."
            )
        if self._longer:
            best = self._longer.best
            notes.append(
                f"The control: {best.words() if best else 'trained as long as the rules, since there was no time for more'}."
            )
        return [*notes, self._diverged] if self._diverged else notes


def _with_fewer_tests(dataset: data.DataSet, work: int, seed: int) -> data.DataSet:
    most = int(min(MOST_TEST, max(100, WORK // work)))
    if len(dataset.x_test) <= most:
        return dataset
    chosen = torch.randperm(len(dataset.x_test), generator=generator(seed, "proof"))[:most].to(dataset.x_test.device)
    return replace(dataset, x_test=dataset.x_test[chosen], y_test=dataset.y_test[chosen])


def _hidden(run: Run) -> list[Tensor]:
    return [p.detach().clone() for block in run.network.blocks for p in block.parameters()]


def _moved(now: list[Tensor], before: list[Tensor]) -> float:
    """Length of the way that the parameters went, relative to their length now."""
    way = _length([n - b for n, b in zip(now, before, strict=True)])
    return way / (_length(now) or 1.0)


def _length(tensors: list[Tensor]) -> float:
    return hypot(*(float(length(one.flatten())) for one in tensors))
