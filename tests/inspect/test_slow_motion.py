"""Slow motion tells the truth: what it predicts is what the trainer then does, bit for bit, and looking changes nothing."""

import copy

import pytest
import torch
from torch import nn

from dfa_lab.inspect.slow_motion import SHOWN, phases
from dfa_lab.measure.angles import angle
from dfa_lab.train.trainer import Trainer
from tests.train.small_data import small, small_set

DEEP = {"num_layers": 3, "dropout": 1, "batchnorm": 1}
CONV = {"network": "conv", "dataset": "mnist", "conv_channels": "3,4", "conv_hidden": "6", "dropout": 1}
RULES = "bp,fa,dfa,shallow"
CASES = [
    {},
    DEEP | {"optimizer": "rmsprop", "weight_decay": 0.01},
    DEEP | {"optimizer": "nag", "momentum": 0.9, "learning_rate_decay": 0.1, "max_in_norm": 1},
    {"eps": 0.1, "accumulate": True, "dropout": 1, "optimizer": "adam"},
    {"exact": True, "criterion": "ce", "optimizer": "rmsprop", "max_out_norm": 1},
    CONV | {"optimizer": "rmsprop", "augment": True},
    {"precision": "bf16", "optimizer": "adam"},
    {"optimizer": "rprop", "weight_decay": 0.01},
    {"optimizer": "muon", "weight_decay": 0.01},
]


def weights(trainer: Trainer, run: int) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.runs[run].network.state_dict().items()}


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_the_step_is_the_one_that_was_shown_and_showing_it_leaves_no_trace(settings: dict) -> None:
    shape = (1, 12, 12) if "conv_hidden" in settings else (6,)
    # the first step, one in the middle, the short one at the end of an epoch, and the first of the next
    twin, trainer = (Trainer(small(rules=RULES, **settings), small_set(46, 5, shape)) for _ in range(2))
    torch.manual_seed(3)
    numbers = torch.get_rng_state()
    for step in range(7):
        shown = [phases(trainer, run) for run in range(4)] if step in (0, 3, 5, 6) else None
        assert torch.equal(numbers, torch.get_rng_state())
        before = [weights(trainer, run) for run in range(4)]
        records, alone = next(trainer), next(twin)
        assert [r._replace(seconds=0.0) for r in records] == [r._replace(seconds=0.0) for r in alone]
        mine, theirs = trainer.state()[0], twin.state()[0]
        assert not [name for name in theirs if not torch.equal(mine[name], theirs[name])]
        for run in range(4) if shown else []:
            now, told = weights(trainer, run), shown[run]  # type: ignore[index]
            assert told.step == step and told.samples == (6 if step == 5 else 8)
            assert not [name for name in now if not torch.equal(now[name], told.after[name])]
            top, was = told.layers[-1].weights, before[run]["readout.weight"].double()
            assert top is not None and any((now[name] != before[run][name]).any() for name in now)
            assert top.norms[0] == pytest.approx(float(was.norm()))
            assert top.norms[1] == pytest.approx(float((now["readout.weight"].double() - was).norm()), rel=1e-4)


def test_forward_error_and_feedback_are_those_of_the_formulas() -> None:
    trainer = Trainer(small(rules="bp,fa,dfa,shallow", criterion="bce"), small_set())
    for _ in range(4):
        next(trainer)
    x, t = trainer.next_batch(0)
    x, found = x.double(), [phases(trainer, run) for run in range(4)]
    for run, told in zip(trainer.runs, found, strict=True):
        (_, W1), (_, W2), (_, W3) = ((n, W.detach().double()) for n, W in run.network.weights())
        b1, b2, b3 = (layer.bias.detach().double() for _, layer in run.network.layers())  # type: ignore[union-attr]
        a1 = x @ W1.T + b1
        a2 = torch.tanh(a1) @ W2.T + b2
        y = torch.tanh(a2) @ W3.T + b3
        e = (torch.sigmoid(y) - nn.functional.one_hot(t, 3)) / len(t)
        d2 = e @ W3
        d1 = (d2 * (1 - torch.tanh(a2) ** 2)) @ W2
        for layer, a, h, true in zip(told.layers, (a1, a2, y), (a1.tanh(), a2.tanh(), y), (d1, d2, e), strict=True):
            assert layer.a is not None
            for strip, wanted in ((layer.a, a), (layer.h, h), (layer.true, true)):
                torch.testing.assert_close(torch.from_numpy(strip.values).double(), wanted[0], rtol=1e-4, atol=1e-6)
                assert strip.rms == pytest.approx(float(wanted.square().mean().sqrt()), rel=1e-4)
        torch.testing.assert_close(torch.from_numpy(told.p).double(), torch.sigmoid(y[0]), rtol=1e-4, atol=1e-6)
        assert told.target == int(t[0]) and told.wrong == int((y.argmax(1) != t).sum())
        each = nn.functional.binary_cross_entropy_with_logits(y, nn.functional.one_hot(t, 3).double(), reduction="none")
        assert told.loss == pytest.approx(float(each.sum(1).mean()), rel=1e-4)
        if told is found[2]:  # dfa: straight from e, whatever lies between
            B1 = run.rule.matrices(run.network)[1].double()
            assert told.layers[0].angle == pytest.approx(float(angle(e @ B1, d1).mean()), rel=1e-3)
    assert [layer.angle for layer in found[0].layers] == pytest.approx([0, 0, 0], abs=1e-3)
    assert [layer.signal for layer in found[3].layers[:2]] == [None, None] and found[3].layers[0].weights is not None
    assert found[3].layers[0].weights.norms[1] == 0 < found[2].layers[0].weights.norms[1]  # type: ignore[union-attr]


def test_another_learning_rate_wide_layers_and_pictures() -> None:
    trainer = Trainer(small(rules="dfa", dataset="mnist", num_hidden=100, optimizer="sgd"), small_set(40, 5, (1, 12, 12)))
    once, twice = phases(trainer, 0), phases(trainer, 0, 2 * trainer.learning_rate)
    assert twice.rate == pytest.approx(2 * once.rate)
    moves = [one.layers[0].weights.norms[1] for one in (once, twice) if one.layers[0].weights]
    assert moves[1] == pytest.approx(2 * moves[0], rel=1e-3)
    strip = once.layers[0].h
    assert (len(strip.values), strip.units) == (SHOWN, 100)
    assert once.picture is not None and once.picture.shape == (12, 12, 3)
    trainer.set_learning_rate(2 * trainer.learning_rate)
    next(trainer)
    assert not [n for n, W in trainer.runs[0].network.state_dict().items() if not torch.equal(W, twice.after[n])]


def test_there_has_to_be_a_step_that_has_not_begun() -> None:
    trainer = Trainer(small(rules="bp,dfa", epochs=1), small_set(16, 5))
    trainer.advance()
    assert not trainer.between_steps
    with pytest.raises(RuntimeError, match="has not begun"):
        phases(trainer, 0)
    for _ in trainer:
        pass
    with pytest.raises(RuntimeError, match="there has to be one"):
        phases(copy.copy(trainer), 0)
