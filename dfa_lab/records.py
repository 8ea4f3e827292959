"""Record: one measured value, as the trainer yields it, the store keeps it and the charts draw it."""

from typing import NamedTuple


class Record(NamedTuple):
    run: int  # place in Experiment.runs()
    metric: str  # one of METRICS
    layer: int | None  # hidden block, 1 nearest the input; the readout is one above; None: the whole network
    value: float | None  # None: not defined here (no angle to a zero vector), drawn as a gap
    step: int  # optimiser steps done
    epoch: float  # passes through the training set, with fractions
    samples: int  # training samples seen
    seconds: float  # time this run itself has spent in training steps


# name -> (unit, what it is)
METRICS = {
    "train_loss": ("", "criterion on the training batches since the last record, mean over samples"),
    "train_error": ("fraction", "wrong among the training samples since the last record"),
    "train_loss_adversarial": ("", "as train_loss, on the training batches moved by ε, which the rule trains on"),
    "train_error_adversarial": ("fraction", "as train_error, on the training batches moved by ε"),
    "test_loss": ("", "criterion on the test set, mean over samples"),
    "test_error": ("fraction", "wrong among the test samples"),
    "test_loss_adversarial": ("", "as test_loss, on the test set moved by ε against this network"),
    "test_error_adversarial": ("fraction", "as test_error, on the test set moved by ε against this network"),
    "signal_angle": (
        "degrees",
        "∠(δ̂ₗ, δₗ): the signal the rule delivers at block l against the true gradient, mean over probe samples",
    ),
    "signal_angle_std": ("degrees", "standard deviation of the signal angle over probe samples"),
    "gradient_angle": ("degrees", "∠(ΔWₗ of the rule, ΔWₗ of bp) on the probe batch; for the whole network without a layer"),
    "update_angle": (
        "degrees",
        "∠(step just made by the optimiser, −∇Wₗ), with the true gradient of that step's own batch at the weights before it",
    ),
    "feedback_angle": (
        "degrees",
        "∠(B, the weights it stands in for): Wₗ₊₁ for fa, the product of all weights above block l for dfa",
    ),
    "signal_ratio": ("ratio", "|δ̂ₗ| / |δₗ|: size of the delivered signal over that of the true gradient, on the probe batch"),
    "gradient_ratio": ("ratio", "|ΔWₗ of the rule| / |ΔWₗ of bp| on the probe batch; for the whole network without a layer"),
    "saturated": (
        "fraction",
        "outputs of block l near an end of the nonlinearity on the probe batch: tanh beyond ±0.95, sigmoid outside 0.025–0.975",
    ),
    "dead": ("fraction", "units of block l (channels of a convolution) whose output is the same for every probe sample"),
    "effective_rank": (
        "directions",
        "exp(entropy of the normalised singular values) of hₗ on the probe batch, less its mean: how many directions it uses",
    ),
}
