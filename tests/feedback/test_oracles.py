"""Every rule against an independent oracle, and against "it is secretly backprop"."""

import pytest
import torch

from dfa_lab.networks import criterion
from tests.gradients import assert_same, by_autograd, by_rule, differ

NETS = {
    "mlp1": {"num_layers": 1},
    "mlp3": {"num_layers": 3},
    "conv": {"network": "conv", "shape": (2, 15, 15), "conv_channels": (3, 4, 2), "conv_hidden": (6, 5)},
}


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("nonlin", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("loss", ["bce", "ce"])
def test_bp_is_autograd(make_run, net, nonlin, loss):
    run, x, t = make_run("bp", nonlin=nonlin, criterion=loss, **NETS[net])
    assert_same(by_rule(run, x, t), by_autograd(run, x, t))


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("loss", ["bce", "ce"])
def test_fa_with_b_equal_to_w_is_bp_and_else_is_not(make_run, net, loss):
    run, x, t = make_run("fa", criterion=loss, **NETS[net])
    true = by_autograd(run, x, t)
    assert differ(by_rule(run, x, t)[0], true[0])
    for _, layer in list(run.network.layers())[1:]:
        layer.feedback.copy_(layer.weight.detach())
    assert_same(by_rule(run, x, t), true)


def test_dfa_with_b_equal_to_the_readout_is_bp_in_a_net_with_one_hidden_layer(make_run):
    run, x, t = make_run("dfa", num_layers=1)
    true = by_autograd(run, x, t)
    assert differ(by_rule(run, x, t)[0], true[0])
    run.rule.B1.copy_(run.network.readout.weight.detach())  # (C, n), as the paper's B = W_readoutᵀ
    assert_same(by_rule(run, x, t), true)


def test_fa_is_dfa_in_a_net_with_one_hidden_layer(make_run):
    fa, x, t = make_run("fa", num_layers=1)
    dfa, _, _ = make_run("dfa", num_layers=1)
    torch.testing.assert_close(fa.network.readout.feedback, dfa.rule.B1)  # the same draw, by the seed
    for _ in range(3):
        fa.step(x, t)
        dfa.step(x, t)
    assert_same([p.detach() for p in fa.network.parameters()], [p.detach() for p in dfa.network.parameters()])


def test_fa_is_not_dfa_in_a_deeper_net(make_run):
    fa, x, t = make_run("fa", num_layers=2)
    dfa, _, _ = make_run("dfa", num_layers=2)
    assert differ(by_rule(fa, x, t)[0], by_rule(dfa, x, t)[0])


@pytest.mark.parametrize("net", ["mlp3", "conv"])
@pytest.mark.parametrize(("rule", "moves"), [("dfa", False), ("fa", False), ("bp", True)])
def test_whether_an_upper_weight_reaches_down(make_run, net, rule, moves):
    """Scaling W of the block above must not change a block's gradient under dfa, and must under bp.

    Under fa the signal does not pass through W either, but W changes the forward pass above; the batch is made of
    one sample at a point where that is held fixed: the error is recomputed from the same e.
    """
    run, x, t = make_run(rule, **NETS[net])
    hs, y = run.rule.hidden(run.network, x)
    e = criterion.error("bce", y.detach(), t)
    layers = [layer for _, layer in run.network.layers()]
    weight = layers[0].weight

    def first_gradient():
        hs, y = run.rule.hidden(run.network, x)
        tensors, grads = run.rule.starts(hs, y, e)
        return torch.autograd.grad(tensors, weight, grads)[0]

    before = first_gradient()
    with torch.no_grad():
        run.network.readout.weight.mul_(-2)  # of all upper weights the one that changes no hidden activity
    assert differ(first_gradient(), before) is moves
    with torch.no_grad():
        layers[1].weight.mul_(-2)
    if rule == "dfa":
        assert not differ(first_gradient(), before)
    else:
        assert differ(first_gradient(), before)


def test_feedback_never_changes_and_dfa_never_uses_weights_above(make_run):
    run, x, t = make_run("dfa", num_layers=3)
    kept = {name: B.clone() for name, B in run.rule.named_buffers()}
    for _ in range(5):
        run.step(x, t)
    assert all(torch.equal(B, kept[name]) for name, B in run.rule.named_buffers())
    assert not any(p.requires_grad for p in run.rule.buffers())


def test_dfa_cuts_the_graph(make_run):
    """No path leads from the logits, or from one block, to the block below: Wᵀδ cannot have been computed."""
    run, x, t = make_run("dfa", num_layers=3)
    hs, y = run.rule.hidden(run.network, x)
    for upper, lower in [(y, hs[2]), (hs[2], hs[1]), (hs[1], hs[0])]:
        (grad,) = torch.autograd.grad(upper.sum(), lower, retain_graph=True, allow_unused=True)
        assert grad is None


def test_conv_dfa_against_finite_differences_of_the_block_local_objective(make_run):
    """Each block descends ⟨h_l, e·B_l⟩ with its input and e held fixed: perturb its weights and see."""
    run, x, t = make_run("dfa", **NETS["conv"])
    hs, y = run.rule.hidden(run.network, x)
    e = criterion.error("bce", y.detach(), t)
    by_rule(run, x, t)
    inputs = [x, *(h.detach() for h in hs[:-1])]
    stream = torch.Generator().manual_seed(5)
    for block, h_in, signal in zip(run.network.blocks, inputs, run.rule.signals(hs, y, e), strict=True):
        for p in block.parameters():
            direction = torch.randn(p.shape, generator=stream, dtype=torch.float64)
            with torch.no_grad():
                values = []
                for shift in (1e-6, -1e-6):
                    p.add_(shift * direction)
                    values.append((block(h_in) * signal).sum())
                    p.sub_(shift * direction)
            numeric = (values[0] - values[1]) / 2e-6
            torch.testing.assert_close((p.grad * direction).sum(), numeric, rtol=1e-5, atol=1e-9)


def test_shallow_trains_the_readout_alone(make_run):
    run, x, t = make_run("shallow", num_layers=2)
    before = [p.detach().clone() for p in run.network.parameters()]
    true = by_autograd(run, x, t)
    assert_same(by_rule(run, x, t)[-2:], true[-2:])
    run.step(x, t)
    moved = [not torch.equal(p, old) for p, old in zip(run.network.parameters(), before, strict=True)]
    assert moved == [False] * 4 + [True] * 2


@pytest.mark.parametrize("rule", ["bp", "fa", "dfa", "shallow"])
def test_same_seed_same_initial_weights_for_every_rule(make_run, rule):
    bp, _, _ = make_run("bp", num_layers=2)
    run, _, _ = make_run(rule, num_layers=2)
    assert_same([p.detach() for p in run.network.parameters()], [p.detach() for p in bp.network.parameters()])
    other, _, _ = make_run(rule, num_layers=2, seed=4)
    assert differ(next(other.network.parameters()), next(bp.network.parameters()))


@pytest.mark.parametrize("rule", ["fa", "dfa"])
@pytest.mark.parametrize(("magnitude", "bound"), [(0, 1 / 3), (0.05, 0.05)])
def test_feedback_magnitude(make_run, rule, magnitude, bound):
    """0: ±1/√n with n the 9 units that receive it; X: ±X. Uniform: the spread is bound/√3."""
    run, _, _ = make_run(rule, num_layers=2, classes=40, feedback_magnitude=magnitude, num_hidden=9)
    last = run.rule.matrices(run.network)[2]
    assert last.shape == (40, 9)
    assert bound * 0.95 < last.abs().max() <= bound
    assert float(last.std()) == pytest.approx(bound / 3**0.5, rel=0.1)


def test_conv_feedback_is_dense_per_unit_of_the_pooled_map(make_run):
    run, _, _ = make_run(
        "dfa", network="conv", shape=(3, 32, 32), conv_channels=(96, 128, 256), conv_hidden=(2048, 2048), classes=10
    )
    shapes = {l: tuple(B.shape) for l, B in run.rule.matrices(run.network).items()}
    assert shapes == {1: (10, 21600), 2: (10, 6272), 3: (10, 2304), 4: (10, 2048), 5: (10, 2048)}
    assert sum(p.numel() for p in run.network.parameters()) == 10_071_562  # the reference's count


def test_the_default_mlp_of_the_reference_has_its_parameter_count(make_run):
    run, _, _ = make_run("bp", shape=(1, 28, 28), num_layers=2, num_hidden=800, classes=10)
    assert sum(p.numel() for p in run.network.parameters()) == 1_276_810
