"""Schedule: how the learning rate of one run falls, and when the run ends before its last epoch (epoch_step, LRDecay)."""

from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.training_settings import MOST_EPOCHS

HALVINGS = 8  # of the automatic schedule; the last one ends the run
LEARNT = 1e-4  # mean training error at which a run has nothing left to learn
IGNORE_DECAY = ("rmsprop", "adadelta", "adamax", "asgd", "rprop")  # optimisers of torch7 that do not know LRDecay


class Schedule:
    """`factor(step)` × the experiment's learning rate is the rate of that step."""

    def __init__(self, experiment: Experiment):
        every, exact = experiment.halve_every, experiment.exact
        self._every = every
        self._factor = experiment.decay_factor
        self._decay = 0.0 if exact and experiment.optimizer in IGNORE_DECAY else experiment.learning_rate_decay
        # before the last epoch. dfa-torch looks for the end of learning whatever its schedule, unless that is longer
        self.may_end = every == 0 or (exact and experiment.epochs != MOST_EPOCHS and every < experiment.epochs)
        self._looks_first = exact  # whether all halvings are done, before it halves: it ends an epoch later
        self.halvings = 0
        self.mean_error = 1.0  # of the training, ¾ of the last epoch's mean and ¼ of the last epoch
        self.ended = False

    @property
    def constant(self) -> bool:
        """Whether the rate stays as it is through a whole epoch."""
        return not self._decay

    def factor(self, step: int) -> float:
        """`step` counts optimiser steps done."""
        return self._factor**self.halvings / (1 + step * self._decay)

    def after_epoch(self, epochs: int, train_error: float) -> None:
        """`epochs` done; `train_error`: fraction of the last one's training samples that were wrong when trained on."""
        self.mean_error = 0.75 * self.mean_error + 0.25 * train_error
        if self._every > 0 and epochs % self._every == 0:
            self.halvings += 1
        halved = self._every == 0 and train_error >= self.mean_error
        enough = self.halvings + (halved and not self._looks_first) >= HALVINGS
        self.halvings += halved and self.halvings < HALVINGS
        self.ended = self.may_end and (self.mean_error <= LEARNT or (self._every == 0 and enough))

    def state(self) -> dict[str, float]:
        """To be saved."""
        return {"halvings": self.halvings, "mean_error": self.mean_error, "ended": self.ended}

    def restore(self, state: dict[str, float]) -> None:
        """Undo `state`. Raises KeyError if it is something else."""
        self.halvings, self.mean_error = int(state["halvings"]), float(state["mean_error"])
        self.ended = bool(state["ended"])
