"""Effort: how long a training takes on a machine like a lecturer's laptop, reckoned from what its network computes.

It is a measure of the problem, not of the machine: the same everywhere, and known before anything is trained. What this machine
takes is measured (dfa_lab/runs/speed.py).
"""

from functools import lru_cache

from dfa_lab import data, networks
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.network_settings import USED
from dfa_lab.train.plan import Plan

PASSES = 3  # through the weights in a step: forward, backward, the update
MULTIPLICATIONS = 2e10  # a second
BY_HAND = 5e-5  # seconds that a block of one run takes in a step beside its multiplications
THROUGH_AUTOGRAD = 2e-4  # the same


def effort(experiment: Experiment) -> float:
    """Seconds of the whole training. Raises SettingsError where the network cannot be."""
    train = data.facts_of(experiment).train
    return Plan(experiment, train).steps * effort_of_step(experiment)  # type: ignore[arg-type]  # it is frozen


@lru_cache(64)  # a form is drawn again and again
def effort_of_step(experiment: Experiment) -> float:
    """Seconds of one step of every run. Raises SettingsError where the network cannot be."""
    layers = networks.multiplications(experiment, data.facts_of(experiment))
    by_hand = "num_hidden" in USED.get(experiment.network, ()) and experiment.batchnorm != 1
    blocks = len(layers) * (BY_HAND if by_hand else THROUGH_AUTOGRAD)
    return len(experiment.runs()) * (blocks + PASSES * experiment.batch_size * sum(layers) / MULTIPLICATIONS)
