"""Going on with other settings: from a state between two steps, the rest of the training under another Experiment.

What may be another is marked on its field (`midway`): that which changes neither networks nor data nor the count of steps.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from dfa_lab import data
from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.wording import label, refuse
from dfa_lab.train.plan import Plan
from dfa_lab.train.trainer import Trainer

MIDWAY = tuple(name for name, field in Experiment.model_fields.items() if extra(field)["midway"])
STAYS = {  # why the others of a group may not be another
    "data": "the data stay those that it has learnt from",
    "network": "its networks stay as they were built",
    "rules": "its rules and their feedback stay; the page Feedback changes a matrix while it trains",
    "training": "its runs, the steps of an epoch and the machine stay",
}
ANEW = {"optimizer": "the optimiser", "halve_every": "the count of halvings"}  # begin with a fresh state where they are another
DTYPES = {str(dtype): dtype for dtype in (torch.float32, torch.float64)}


def different(before: Experiment, after: Experiment) -> list[str]:
    """The settings that are."""
    return [name for name in Experiment.model_fields if getattr(before, name) != getattr(after, name)]


def check_midway(before: Experiment, after: Experiment, step: int, plan: Plan) -> None:
    """Whether a training under `before` can go on under `after`, with its `plan`, after this step.

    Raises SettingsError, with a sentence for each setting that may not be another, and for too few epochs.
    """
    names = different(before, after)
    problems = [
        f"{label(name)} cannot be another in the middle of a training: {STAYS[group]}. Start a new experiment for it."
        for name in names
        if name not in MIDWAY and (group := extra(Experiment.model_fields[name])["group"])
    ]
    if "epochs" in names and step > plan.steps:
        reached = -(-step // plan.steps_per_epoch) + after.exact
        wanted = f"{reached} or more, since {plan.epoch(step):.4g} epochs are done"
        problems.append(refuse("epochs", after.epochs, wanted))
    if problems:
        raise SettingsError(problems)


def go_on(
    tensors: Mapping[str, Tensor],
    numbers: Mapping,
    before: Experiment,
    after: Experiment,
    rate: float | None = None,
    dataset: data.DataSet | None = None,
) -> Trainer:
    """A trainer of `after` that goes on from a state under `before`; nothing of the state is shared with it.

    `rate`: the learning rate from now on, None: as it was. Its `changes` do not tell of this one yet. Raises what Trainer
    and its `restore` raise.
    """
    names = different(before, after)
    trainer = Trainer(after, dataset, dtype=DTYPES[str(numbers["dtype"])], restored=True)
    own = {name: tensor.clone() for name, tensor in tensors.items()}
    if "dropout" in names:
        own = _renamed(own, before, trainer)
    if "optimizer" in names:
        own = {name: tensor for name, tensor in own.items() if not _optimizers(name)}
        own |= {name: tensor.clone() for name, tensor in trainer.state()[0].items() if _optimizers(name)}  # what it begins with
    fresh = {} if "halve_every" not in names else {"schedules": [run.schedule.state() for run in trainer.runs]}
    trainer.restore(own, {**numbers, **fresh, **({} if rate is None else {"learning_rate": rate})})
    if {"criterion", "eps"} & set(names):
        trainer.losses.begin_anew(trainer.samples, adversarial=bool(before.eps))
    return trainer


def _optimizers(name: str) -> bool:
    return name.partition(".")[2].startswith("optimizer.")


def _renamed(own: dict[str, Tensor], before: Experiment, trainer: Trainer) -> dict[str, Tensor]:
    """With the names that the weights have in a network with other dropout: a layer more moves those behind it."""
    old = Trainer(before, trainer.data, dtype=trainer.dtype, restored=True)
    found = dict(own)
    for number, (theirs, mine) in enumerate(zip(old.runs, trainer.runs, strict=True)):
        names = list(zip(theirs.network.state_dict(), mine.network.state_dict(), strict=True))
        moved = {new: own[f"{number}.network.{name}"] for name, new in names}
        found = {name: tensor for name, tensor in found.items() if not name.startswith(f"{number}.network.")}
        found |= {f"{number}.network.{name}": tensor for name, tensor in moved.items()}
    return found
