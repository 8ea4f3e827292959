"""Record: one measured value, as the trainer yields it, the store keeps it and the charts draw it."""

from typing import Any, NamedTuple

from dfa_lab import registry


class Record(NamedTuple):
    run: int  # place in Experiment.runs()
    metric: str  # one of METRICS
    layer: int | None  # hidden block, 1 nearest the input; the readout is one above; None: the whole network
    value: float | None  # None: not defined here (no angle to a zero vector), drawn as a gap
    step: int  # optimiser steps done
    epoch: float  # passes through the training set, with fractions
    samples: int  # training samples seen
    seconds: float  # of its own computing, in training steps (train/clock.py)


# metric -> (unit, what it is): of the errors here, of what is measured beside them in measure/kinds/
ERRORS = {
    "train_loss": ("", "criterion on the training batches since the last record, mean over samples"),
    "train_error": ("fraction", "wrong among the training samples since the last record"),
    "train_loss_adversarial": ("", "as train_loss, on the training batches moved by ε, which the rule trains on"),
    "train_error_adversarial": ("fraction", "as train_error, on the training batches moved by ε"),
    "test_loss": ("", "criterion on the test set, mean over samples"),
    "test_error": ("fraction", "wrong among the test samples"),
    "test_loss_adversarial": ("", "as test_loss, on the test set moved by ε against this network"),
    "test_error_adversarial": ("fraction", "as test_error, on the test set moved by ε against this network"),
}


def _measures() -> dict[str, tuple[str, str]]:
    """The metrics that the measures' files declare, those of one unit beside each other."""
    declared = registry.declared("dfa_lab.measure.kinds", "METRICS")
    found = {name: about for metrics in declared.values() for name, about in metrics.items()}
    units = list(dict.fromkeys(unit for unit, _ in found.values()))
    return dict(sorted(found.items(), key=lambda one: units.index(one[1][0])))


def _drawn() -> dict[str, dict[str, Any]]:
    """In the order of MEASURED, each with its unit."""
    declared = registry.declared("dfa_lab.measure.kinds", "DRAWN")
    found = {key: one | {"unit": MEASURED[one["metric"]][0]} for drawn in declared.values() for key, one in drawn.items()}
    return dict(sorted(found.items(), key=lambda one: list(MEASURED).index(one[1]["metric"])))


MEASURED = _measures()
METRICS = ERRORS | MEASURED
# Of what the values mean: to be raised where a lab measures them otherwise. The first gave wrong angles, and the first two
# counted the seconds by the clock on the wall.
REVISION = 3
IN_DEGREES = tuple(name for name, (unit, _) in MEASURED.items() if unit == "degrees")
WRONG_ANGLE = 90.0  # exactly so in the first revision: of vectors whose squares leave 32 bits
DRAWN = _drawn()  # key in links -> {name, metric, unit, perhaps spread and whole}: those that have a map and a curve on a page
