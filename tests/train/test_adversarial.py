"""Fast-sign adversarial training outside exact mode, against autograd."""

import pytest
import torch
from small_data import small, small_set

from dfa_lab.train.trainer import Trainer
from tests.gradients import assert_same, by_autograd, by_rule


def moved(run, x, t, eps):
    """Through W, whatever the rule, by plain autograd."""
    with run.network.through_weights():
        z = x.clone().requires_grad_()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            run.network(z), torch.nn.functional.one_hot(t, 5).double(), reduction="sum"
        )
        (slope,) = torch.autograd.grad(loss, z)
    return x + eps * slope.sign()


def gradients_of_a_step(run, x, t):
    found = []
    run.optimizer.step = lambda: found.extend(
        torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in run.network.parameters()
    )
    run.step(x, t, 0)
    return found


@pytest.mark.parametrize("rule", ["bp", "fa", "dfa", "shallow"])
def test_the_rule_trains_on_the_moved_batch(make_run, rule):
    run, x, t = make_run(rule, eps=0.2, num_layers=2)
    wanted = by_rule(run, moved(run, x, t, 0.2), t)
    assert_same(gradients_of_a_step(run, x, t), wanted)


@pytest.mark.parametrize("rule", ["bp", "fa", "dfa", "shallow"])
def test_accumulated_it_trains_on_both_by_the_rule(make_run, rule):
    run, x, t = make_run(rule, eps=0.2, accumulate=True, num_layers=2)
    both = [a + b for a, b in zip(by_rule(run, x, t), by_rule(run, moved(run, x, t, 0.2), t), strict=True)]
    assert_same(gradients_of_a_step(run, x, t), both)
    if rule in ("fa", "dfa"):  # and not by backpropagation on the unmoved one, as the reference does
        mixed = by_autograd(run, x, t)[0] + by_rule(run, moved(run, x, t, 0.2), t)[0]
        assert not torch.allclose(both[0], mixed)


def test_clean_and_moved_errors_are_reported_apart():
    trainer = Trainer(small(rules="dfa", eps=0.5, epochs=30, num_hidden=30, learning_rate=0.01), small_set(test=40))
    last = {r.metric: r.value for due in trainer for r in due if r.value is not None and r.metric.startswith(("train", "test"))}
    assert set(last) == {
        f"{part}_{what}{kind}" for part in ("train", "test") for what in ("loss", "error") for kind in ("", "_adversarial")
    }
    assert last["train_loss_adversarial"] > last["train_loss"]
    assert last["test_loss_adversarial"] > last["test_loss"]
    run, (x, t) = trainer.runs[0], (trainer.data.x_test, trainer.data.y_test)
    onehot = torch.nn.functional.one_hot(t, 3).float()
    z = x.clone().requires_grad_()
    loss = torch.nn.functional.binary_cross_entropy_with_logits(run.network(z), onehot, reduction="sum")
    (slope,) = torch.autograd.grad(loss, z)
    y = run.network(x + 0.5 * slope.sign())
    assert last["test_error_adversarial"] == pytest.approx(float((y.argmax(1) != t).double().mean()))
    hostile = torch.nn.functional.binary_cross_entropy_with_logits(y, onehot, reduction="sum") / len(x)
    assert last["test_loss_adversarial"] == pytest.approx(hostile.item(), rel=1e-5)


def test_without_eps_nothing_adversarial_is_reported():
    records = [r for due in Trainer(small(rules="dfa", epochs=1), small_set()) for r in due]
    assert not [r for r in records if "adversarial" in r.metric]
