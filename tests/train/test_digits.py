"""The rules on real digits: what the README promises, and a control that learns nothing in its hidden layers."""

from functools import cache

import pytest

from dfa_lab.records import Record
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer

RULES = ("bp", "fa", "dfa", "shallow")


@cache
def records(init: str, seed: int) -> list[Record]:
    experiment = parse(
        {"num_layers": 2, "num_hidden": 100, "nonlin": "tanh", "optimizer": "rmsprop", "learning_rate": 1e-3, "epochs": 20}
        | {"rules": RULES, "init": init, "seeds": seed, "device": "cpu", "measure_every": 23}
    )
    return [record for due in Trainer(experiment) for record in due]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("init", ["ordinary", "paper"])
def test_every_rule_learns_and_the_frozen_control_stays_behind(init: str, seed: int) -> None:
    last = [r for r in records(init, seed) if r.metric == "test_error" and r.epoch == 20]
    errors = {RULES[r.run]: r.value for r in last if r.value is not None}
    print(init, seed, errors)
    assert max(errors["bp"], errors["fa"], errors["dfa"]) < 0.08
    assert errors["shallow"] > 0.10


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("init", ["ordinary", "paper"])
@pytest.mark.parametrize("rule", ["fa", "dfa"])
def test_signals_turn_to_the_true_gradient_and_stay_there(init: str, seed: int, rule: str) -> None:
    mine = [r for r in records(init, seed) if RULES[r.run] == rule and r.metric == "signal_angle"]
    for layer in (1, 2):
        angles = [(r.epoch, r.value) for r in mine if r.layer == layer and r.value is not None]
        assert len(angles) > 20
        start, end = angles[0], angles[-1]
        print(init, seed, rule, layer, [round(value) for _, value in angles])
        if init == "ordinary":
            assert start[0] == 0 and start[1] > 75  # random at first
        assert end[0] == 20 and end[1] < 80
        assert all(value < 90 for epoch, value in angles if epoch >= 10)


@pytest.mark.parametrize("init", ["ordinary", "paper"])
def test_bp_is_its_own_true_gradient(init: str) -> None:
    angles = [r.value for r in records(init, 0) if r.run == 0 and r.metric == "signal_angle"]
    assert len(angles) > 20
    assert all(value is not None and value < 0.01 for value in angles)
