"""What a direct rule sends where it broadcasts the target and not the error."""

import pytest
import torch
import torch.nn.functional as F

from dfa_lab.networks import criterion


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("loss", ["bce", "ce"])
def test_a_broadcast_target_has_no_probabilities_in_it(make_run, loss, exact):
    """-t/N in closed form, whichever function of the logits the criterion's p is; bce is divided by nothing in exact mode."""
    run, x, t = make_run("dfa", num_layers=2, criterion=loss, exact=exact, nonlin="relu")
    run.rule.broadcasts_target = True
    hs, y = run.rule.hidden(run.network, x)
    e = criterion.error(loss, y.detach(), t, exact)
    target = -F.one_hot(t, 5).double() / (1 if exact and loss == "bce" else len(x))
    for signal, B in zip(run.rule.signals(hs, y, e), run.rule.buffers(), strict=True):
        torch.testing.assert_close(signal, target @ B, rtol=0, atol=1e-12)
    run.rule.broadcasts_target = False
    for signal, B in zip(run.rule.signals(hs, y, e), run.rule.buffers(), strict=True):
        assert torch.equal(signal, e @ B) and not torch.allclose(signal, target @ B)


def test_every_experiment_tells_its_rules_the_criterion(make_run):
    for loss, exact in (("bce", False), ("ce", True)):
        run, _, _ = make_run("dfa", criterion=loss, exact=exact)
        assert (run.rule.criterion, run.rule.exact, run.rule.broadcasts_target) == (loss, exact, exact)
