"""State size: how large a trainer's state will be, known from the settings before anything is trained."""

import torch
from torch import Tensor

from dfa_lab import data, networks
from dfa_lab.feedback import rule_class
from dfa_lab.networks import Network
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.plan import Plan
from dfa_lab.train.tally import MOST_SEEN

HEAD = 10_000  # bytes of settings and numbers
# How many tensors as large as a weight an optimiser keeps of each, at most. Asking one for its state would import torch's
# compiler, which takes seconds while a visitor waits for Start.
COPIES = {"sgd": 0, "nag": 1, "rmsprop": 1, "adagrad": 1, "asgd": 1}
MOST_COPIES = 2  # of all others
A_TENSOR = 250  # bytes of its name, shape and place in the file


def state_size(experiment: Experiment, facts: data.Facts) -> int:
    """Bytes of the file that holds the state, at most: weights, feedback, the optimiser's copies, batches not summed up yet.

    Raises SettingsError.
    """
    count = len(experiment.runs()) // len(experiment.rules)
    return HEAD + count * sum(_of_run(experiment, facts, name) for name in experiment.rules)


def _of_run(experiment: Experiment, facts: data.Facts, rule: str) -> int:
    def look(network: Network) -> tuple[list[Tensor], list[Tensor]]:
        bound = rule_class(rule)(network, experiment.feedback_magnitude, lambda _, shape, __: torch.empty(shape))
        return [*network.state_dict().values(), *bound.state_dict().values()], list(network.parameters())

    held, trained = networks.hollow(experiment, facts, look)
    copies = max(COPIES.get(experiment.optimizer, MOST_COPIES), experiment.momentum > 0)
    tensors = len(held) + (copies + 1) * len(trained)
    weights = sum(one.nbytes for one in held) + copies * sum(one.nbytes for one in trained)
    return weights + A_TENSOR * tensors + _seen(experiment, facts)


def _seen(experiment: Experiment, facts: data.Facts) -> int:
    """Bytes of logits and classes that wait to be summed up, batch by batch."""
    batch = experiment.batch_size
    plan = Plan(experiment, facts.train)
    waiting = min(plan.record_every, plan.steps_per_epoch, MOST_SEEN // (batch * facts.classes) + 1)
    tallies = 2 if experiment.eps else 1
    return tallies * waiting * (batch * (4 * facts.classes + 8) + 8)
