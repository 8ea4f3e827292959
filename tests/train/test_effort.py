"""Effort: what is reckoned of a problem before it is trained, against figures counted by hand."""

import pytest

from dfa_lab.settings.parsing import parse
from dfa_lab.train.effort import effort, effort_of_step


def test_effort_of_a_step_is_what_its_multiplications_and_blocks_take() -> None:
    one = parse({"dataset": "digits", "num_layers": 2, "num_hidden": 100, "rules": "dfa", "batch_size": 50})
    multiplications = 64 * 100 + 100 * 100 + 100 * 10
    assert effort_of_step(one) == pytest.approx(3 * 5e-5 + 3 * 50 * multiplications / 2e10)  # type: ignore[arg-type]


def test_effort_of_a_training_grows_with_its_epochs_rules_and_seeds() -> None:
    one = parse({"dataset": "digits", "rules": "dfa", "epochs": 5})
    many = parse({"dataset": "digits", "rules": "bp,dfa", "seeds": "0,1,2", "epochs": 10})
    assert effort(many) == pytest.approx(effort(one) * 2 * 6)


def test_what_begins_by_itself_and_what_does_not() -> None:
    """The toys and the digits as the form offers them do, MNIST and CIFAR-10 do not (app/bar/changed_settings.py)."""
    toys = [parse({"dataset": "spirals", "num_layers": 3, "num_hidden": 64, "batch_size": 16, "epochs": 100}), parse({})]
    large = [parse({"dataset": "mnist"}), parse({"dataset": "cifar10", "network": "conv"})]
    assert max(map(effort, toys)) < 15 < min(map(effort, large))
