"""Schedule: how the learning rate of one run rises and falls, and when the run ends before its last epoch.

The factors of decay, of halvings, and of warm-up and fall over all epochs are multiplied. The last of them are those of torch's
LinearLR from 1/w, and of CosineAnnealingLR or LinearLR to 0 after it, where w, the steps of the warm-up, is a whole number.
"""

from collections.abc import Callable
from math import cos, pi

from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.training_settings import MOST_EPOCHS

HALVINGS = 8  # of the automatic schedule; the last one ends the run
LEARNT = 1e-4  # mean training error at which a run has nothing left to learn
IGNORE_DECAY = ("rmsprop", "adadelta", "adamax", "asgd", "rprop")  # optimisers of torch7 that do not know LRDecay
FALLS: dict[str, Callable[[float], float]] = {  # what is left after this share of the steps from the warm-up to the end
    "cosine": lambda done: (1 + cos(pi * done)) / 2,
    "linear": lambda done: 1 - done,
}


def may_end(experiment: Experiment) -> bool:
    """Whether a run may end before the last epoch. dfa-torch looks for the end of learning whatever its schedule, unless that
    is longer."""
    every = experiment.halve_every
    return every == 0 or (experiment.exact and experiment.epochs != MOST_EPOCHS and every < experiment.epochs)


class Schedule:
    """`factor(step)` × the experiment's learning rate is the rate of that step."""

    def __init__(self, experiment: Experiment, steps_per_epoch: int | None = None):
        """`steps_per_epoch`: needed by what counts epochs within them. Raises ValueError if the experiment has such a thing."""
        every, exact = experiment.halve_every, experiment.exact
        self._fall = FALLS.get(experiment.schedule)
        if steps_per_epoch is None and (self._fall or experiment.warm_up):
            raise ValueError("a warm-up, or a fall over all epochs, needs to know how many steps an epoch has")
        self._warm_up = experiment.warm_up * (steps_per_epoch or 0)  # steps, perhaps with a fraction
        self._steps = experiment.epochs * (steps_per_epoch or 0)
        self._every = every
        self._factor = experiment.decay_factor
        self._decay = 0.0 if exact and experiment.optimizer in IGNORE_DECAY else experiment.learning_rate_decay
        self._may_end = may_end(experiment)
        self._looks_first = exact  # whether all halvings are done, before it halves: it ends an epoch later
        self.halvings = 0
        self.mean_error = 1.0  # of the training, ¾ of the last epoch's mean and ¼ of the last epoch
        self.ended = False

    def stays(self, step: int) -> bool:
        """Whether the rate of this step is that of the step before, if no epoch ends between them, and so on to the end."""
        return not self._decay and self._fall is None and step >= self._warm_up

    def factor(self, step: int) -> float:
        """`step` counts optimiser steps done."""
        fallen = self._factor**self.halvings / (1 + step * self._decay)
        if step < self._warm_up:
            return fallen * min(1.0, (step + 1) / self._warm_up)  # no step is wasted at a rate of 0
        if self._fall is None:
            return fallen
        return fallen * self._fall(min(1.0, (step - self._warm_up) / (self._steps - self._warm_up)))

    def after_epoch(self, epochs: int, train_error: float) -> None:
        """`epochs` done; `train_error`: fraction of the last one's training samples that were wrong when trained on."""
        self.mean_error = 0.75 * self.mean_error + 0.25 * train_error
        if self._every > 0 and epochs % self._every == 0:
            self.halvings += 1
        halved = self._every == 0 and train_error >= self.mean_error
        enough = self.halvings + (halved and not self._looks_first) >= HALVINGS
        self.halvings += halved and self.halvings < HALVINGS
        self.ended = self._may_end and (self.mean_error <= LEARNT or (self._every == 0 and enough))

    def state(self) -> dict[str, float]:
        """To be saved."""
        return {"halvings": self.halvings, "mean_error": self.mean_error, "ended": self.ended}

    def restore(self, state: dict[str, float]) -> None:
        """Undo `state`. Raises KeyError if it is something else."""
        self.halvings, self.mean_error = int(state["halvings"]), float(state["mean_error"])
        self.ended = bool(state["ended"])
