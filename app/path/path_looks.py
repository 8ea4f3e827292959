"""Looks at the networks for the picture of the error's path: one network a look, so that each is short."""

import time

from app.visit import looks, moment
from dfa_lab.inspect.error_path import ErrorPath, affordable, error_path
from dfa_lab.inspect.slow_motion import Phases
from dfa_lab.inspect.slow_motion import phases as next_step
from dfa_lab.runs.access import BUSY, Gone
from dfa_lab.runs.live import Status
from dfa_lab.train.trainer import Trainer

REST = 20  # times what a look took, until the next: under a twentieth of the training
AT_ONCE = 500_000_000  # multiplications of a look: some tens of milliseconds on a CPU


def paths(status: Status, seed: int, rules: tuple[str, ...]) -> looks.Look:
    """A look whose value is the figures by rule. Raises Gone."""
    runs = {rule: status.experiment.runs().index((rule, _there(status, seed))) for rule in rules}

    spent: list[float] = []

    def take(trainer: Trainer, run: int) -> ErrorPath:
        began, one = time.perf_counter(), trainer.runs[run]
        x, t = trainer.probes[one.seed]
        samples = affordable(one.network, len(t), AT_ONCE)
        found = error_path(one.rule, one.network, trainer.experiment.criterion, x[:samples], t[:samples])
        spent.append(time.perf_counter() - began)
        return found

    def all_of_them() -> dict[str, ErrorPath]:
        return {rule: moment.look(status.id, lambda trainer, run=run: take(trainer, run)) for rule, run in runs.items()}

    look = looks.share(status, ("path", tuple(runs.values())), all_of_them, rest=REST)
    if spent:
        look.seconds = sum(spent)  # to wait for the end of a step, most of a look, costs the training nothing
    return look


def phases(status: Status, seed: int, rules: tuple[str, ...]) -> dict[str, Phases]:
    """The next step of each rule's run. Raises Gone."""
    found = {}
    for rule in rules:
        run = status.experiment.runs().index((rule, _there(status, seed)))

        def take(trainer: Trainer, run: int = run) -> Phases:
            if not trainer.between_steps:
                raise Gone(BUSY)
            if trainer.runs[run].schedule.ended:
                raise Gone(f"{trainer.experiment.runs()[run][0]} has ended by its own schedule: choose another rule.")
            return next_step(trainer, run, status.learning_rate)

        found[rule] = moment.look(status.id, take)
    return found


def _there(status: Status, seed: int) -> int:
    """A demonstration that begins again has another seed than the page was drawn with."""
    return seed if seed in status.experiment.seeds else status.experiment.seeds[0]
