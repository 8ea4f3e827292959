"""What must be true of the very first step from the paper's zero weights (facts read off the reference)."""

import pytest
import torch

from dfa_lab.networks import criterion
from tests.gradients import by_rule


def gradients(run, x, t):
    by_rule(run, x, t)
    return [(layer.weight.grad, layer.bias.grad) for _, layer in run.network.layers()]


@pytest.mark.parametrize("rule", ["fa", "dfa"])
@pytest.mark.parametrize(("nonlin", "zero"), [("tanh", True), ("sigmoid", True), ("relu", False)])
def test_the_paper_starts_fa_and_dfa_from_zero_except_with_relu(make_run, rule, nonlin, zero):
    run, _, _ = make_run(rule, init="paper", nonlin=nonlin)
    assert all(bool((p == 0).all()) is zero for p in run.network.parameters())


def test_bp_is_never_started_from_zero(make_run):
    run, _, _ = make_run("bp", init="paper", nonlin="tanh")
    assert all(bool((p != 0).any()) for p in run.network.parameters())


def test_dfa_bce_tanh(make_run):
    """p = 1/2, so the hidden signal is (1/2 - t)·B / N; h = 0, so only biases move above the first layer."""
    run, x, t = make_run("dfa", init="paper", nonlin="tanh", num_layers=2)
    onehot = torch.nn.functional.one_hot(t, 5).double()
    e = (0.5 - onehot) / len(x)
    (W1, b1), (W2, b2), (W3, b3) = gradients(run, x, t)
    torch.testing.assert_close(W1, (e @ run.rule.B1).T @ x)
    torch.testing.assert_close(b1, (e @ run.rule.B1).sum(0))
    assert not W2.any()
    torch.testing.assert_close(b2, (e @ run.rule.B2).sum(0))
    assert not W3.any()
    torch.testing.assert_close(b3, e.sum(0))


def test_dfa_bce_sigmoid_moves_every_weight(make_run):
    """h = 1/2, so neither the second layer's nor the readout's weight gradient is zero; f' = 1/4."""
    run, x, t = make_run("dfa", init="paper", nonlin="sigmoid", num_layers=2)
    e = criterion.error("bce", torch.zeros(len(x), 5, dtype=torch.float64), t)
    (W1, _), (W2, _), (W3, _) = gradients(run, x, t)
    torch.testing.assert_close(W1, (e @ run.rule.B1 / 4).T @ x)
    torch.testing.assert_close(W2, (e @ run.rule.B2 / 4).T @ torch.full((len(x), 9), 0.5, dtype=torch.float64))
    torch.testing.assert_close(W3, e.T @ torch.full((len(x), 9), 0.5, dtype=torch.float64))


def test_ce_broadcasts_softmax_minus_onehot_and_not_the_target(make_run):
    """dfa-torch's ce with dfa sends -onehot/N; the right error has the softmax in it."""
    run, x, t = make_run("dfa", init="paper", criterion="ce", num_layers=1)
    e = (torch.full((len(x), 5), 0.2, dtype=torch.float64) - torch.nn.functional.one_hot(t, 5)) / len(x)
    (W1, _), _ = gradients(run, x, t)
    torch.testing.assert_close(W1, (e @ run.rule.B1).T @ x)
