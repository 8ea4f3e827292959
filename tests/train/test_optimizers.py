"""Optimisers against their formulas, one parameter, three steps of a constant-free gradient."""

from math import sqrt

import pytest
import torch
from torch import nn

from dfa_lab.settings.experiment import Experiment, extra
from dfa_lab.settings.parsing import parse
from dfa_lab.train.optimizers import optimizer

NAMES: list[str] = extra(Experiment.model_fields["optimizer"])["choices"]
GRADIENTS = (0.3, -0.2, 0.5)


def path(name: str, **settings: object) -> list[float]:
    """Of θ from 1 under GRADIENTS."""
    p = nn.Parameter(torch.ones(1, dtype=torch.float64))
    one = optimizer(parse({"optimizer": name, "learning_rate": 0.1, **settings}), [p])
    found = []
    for g in GRADIENTS:
        p.grad = torch.full_like(p, g)
        one.step()
        found.append(p.item())
    return found


def by_hand(name: str, decay: float = 0.0, mu: float = 0.9) -> list[float]:
    θ, m, v, found, lr = 1.0, 0.0, 0.0, [], 0.1
    for t, g in enumerate(GRADIENTS, start=1):
        g += decay * θ
        match name:
            case "sgd":  # dampening = momentum, the first step undamped
                m = g if t == 1 else mu * m + (1 - mu) * g
                θ -= lr * m
            case "nag":
                m = mu * m + g
                θ -= lr * (g + mu * m)
            case "rmsprop":
                v = 0.99 * v + 0.01 * g * g
                θ -= lr * g / (sqrt(v) + 1e-8)
            case "adam":
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                θ -= lr * (m / (1 - 0.9**t)) / (sqrt(v / (1 - 0.999**t)) + 1e-8)
            case "adagrad":
                v += g * g
                θ -= lr * g / (sqrt(v) + 1e-10)
            case "adadelta":
                v = 0.9 * v + 0.1 * g * g
                change = g * sqrt(m + 1e-6) / sqrt(v + 1e-6)
                m = 0.9 * m + 0.1 * change * change
                θ -= lr * change
            case "adamax":
                m, v = 0.9 * m + 0.1 * g, max(0.999 * v, abs(g) + 1e-8)
                θ -= lr / (1 - 0.9**t) * m / v
            case "rprop":  # m: the step, v: the gradient before
                m = lr if t == 1 else m * (1.2 if v * g > 0 else 0.5 if v * g < 0 else 1)
                v = g if v * g >= 0 else 0.0  # after a change of sign a pause
                θ -= m * ((v > 0) - (v < 0))
        found.append(θ)
    return found


@pytest.mark.parametrize("name", [name for name in NAMES if name != "asgd"])
@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_by_hand(name: str, decay: float) -> None:
    settings = {"momentum": 0.9} if name in ("sgd", "nag") else {}
    assert path(name, weight_decay=decay, **settings) == pytest.approx(by_hand(name, decay), rel=1e-6)


def test_asgd_takes_nearly_the_steps_of_sgd() -> None:
    assert path("asgd") == pytest.approx(path("sgd"), rel=1e-3)
    assert path("asgd", weight_decay=0.5) != pytest.approx(path("asgd"), rel=1e-2)


@pytest.mark.parametrize(("name", "rate"), [("adadelta", 1.0), ("rprop", 0.1), ("asgd", 1e-4)])
def test_torch7_gives_some_their_own_rate(make_run, name: str, rate: float) -> None:
    for given in (0.01, 0.5):
        run, _, _ = make_run("dfa", optimizer=name, learning_rate=given, epoch_step=1, exact=True)
        run.schedule.after_epoch(1, 1.0)
        run.set_rate(7)
        assert run.optimizer.param_groups[0]["lr"] == rate
    run, _, _ = make_run("dfa", optimizer=name, learning_rate=0.5)
    assert run.optimizer.param_groups[0]["lr"] == 0.5


def test_all_differ() -> None:
    paths = [tuple(path(name, momentum=0.5 if name == "nag" else 0)) for name in NAMES]
    assert len(set(paths)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_one_is_resumed_bit_for_bit(name: str) -> None:
    from small_data import continued, plain, small, small_set

    from dfa_lab.train.trainer import Trainer

    experiment = small(
        optimizer=name, momentum=0.9 if name == "nag" else 0, learning_rate=0.01, dropout=1, batchnorm=1, eps=0.1
    )
    trainer = Trainer(experiment, small_set())
    for _ in range(9):
        next(trainer)
    resumed = continued(trainer)
    assert [plain(r) for r in resumed] == [plain(r) for r in trainer]
    ends = resumed.state()[0], trainer.state()[0]
    assert ends[0].keys() == ends[1].keys() and all(torch.equal(ends[0][key], ends[1][key]) for key in ends[0])


def test_sgd_without_dampening() -> None:
    θ, v, found = 1.0, 0.0, []
    for g in GRADIENTS:
        v = 0.9 * v + g
        θ -= 0.1 * v
        found.append(θ)
    assert path("sgd", momentum=0.9, dampening=False) == pytest.approx(found, rel=1e-12)
    assert path("sgd", momentum=0.0, dampening=False) == path("sgd", momentum=0.0)
    assert path("nag", momentum=0.9, dampening=False) == path("nag", momentum=0.9)
