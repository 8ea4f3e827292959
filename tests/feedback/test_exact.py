"""Exact mode: what dfa-torch computes, its slips included."""

import itertools

import numpy as np
import pytest
import torch

from dfa_lab.networks import build
from dfa_lab.settings.parsing import parse
from tests.feedback.dfa_torch_twin import Twin

OPTIONS: list[dict[str, float]] = [
    {},
    {"eps": 0.08},
    {"eps": 0.08, "accumulate": 1},
    {"max_in": 0.4, "max_out": 0.3},
    {"max_in": 0.4, "eps": 0.05},
    {"max_out": 0, "max_in": 0.2},
    {"bias": 0},
    {"decay": 0.01},
]
NAMES = {"max_in": "maxInNorm", "max_out": "maxOutNorm", "decay": "weightDecay"}


def arrays(tensors):
    return [tensor.detach().numpy().copy() for tensor in tensors]


@pytest.mark.parametrize("rule", ["bp", "fa", "dfa"])
@pytest.mark.parametrize("optimizer", ["rmsprop", "sgd"])
@pytest.mark.parametrize("criterion", ["bce", "ce"])
@pytest.mark.parametrize("nonlin", ["tanh", "relu"])
def test_three_steps_are_the_references(make_run, rule, optimizer, criterion, nonlin):
    rate = 0.05 if optimizer == "sgd" else 0.01
    for options, momentum in itertools.product(OPTIONS, (0, 0.9) if optimizer == "sgd" else (0,)):
        given = {NAMES.get(name, name): value for name, value in options.items()}
        run, x, t = make_run(
            rule,
            exact=True,
            num_layers=3,
            optimizer=optimizer,
            criterion=criterion,
            nonlin=nonlin,
            learning_rate=rate,
            momentum=momentum,
            **given,
        )
        layers = [layer for _, layer in run.network.layers()]
        B = arrays(run.rule.matrices(run.network).values())
        W, b = arrays(l.weight for l in layers), arrays(l.bias for l in layers)
        start = [w.copy() for w in W]
        twin = Twin(
            rule, W, b, B, nonlin=nonlin, criterion=criterion, optimizer=optimizer, rate=rate, momentum=momentum, **options
        )
        for number in range(3):
            run.step(x, t, number)
            twin.step(x.numpy(), t.numpy())
        for layer, V, c, before in zip(layers, twin.W, twin.b, start, strict=True):
            np.testing.assert_allclose(layer.weight.detach().numpy(), V, rtol=0, atol=1e-9, err_msg=str(options))
            np.testing.assert_allclose(layer.bias.detach().numpy(), c, rtol=0, atol=1e-9, err_msg=str(options))
            assert not np.allclose(V, before) or not before.any(), "nothing moved"


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        ("fa", {"eps": 0.08, "optimizer": "sgd"}),  # N times the step
        ("dfa", {"eps": 0.08, "optimizer": "sgd"}),
        ("fa", {"eps": 0.08, "accumulate": 1}),
        ("dfa", {"eps": 0.08, "accumulate": 1}),
        ("fa", {"maxInNorm": 0.4}),
        ("dfa", {"maxInNorm": 0.4}),
        ("dfa", {"criterion": "ce"}),
    ],
)
def test_the_default_is_another(make_run, rule, options):
    """The twin above could not tell the modes apart if they were the same."""
    found = []
    for exact in (True, False):
        run, x, t = make_run(rule, exact=exact, nonlin="relu", num_layers=2, learning_rate=0.01, rfb_mag=0.3, **options)
        for number in range(2):
            run.step(x, t, number)
        found.append(run.network.blocks[0][1].weight.detach().clone())
    assert not torch.allclose(*found, atol=1e-6)


def plain_weights(**settings):
    """As drawn, before any rule touches them."""
    return [W for _, W in build(parse(settings), (12,), 5, 3).weights()]


@pytest.mark.parametrize("nonlin", ["tanh", "sigmoid", "relu"])
def test_where_weights_and_feedback_start(make_run, nonlin):
    drawn = plain_weights(num_hidden=9, num_layers=2, nonlin=nonlin)
    zeroed = nonlin != "relu"
    for rule, zeros in (("bp", [0, 0, 0]), ("fa", [0, 1, 1]), ("dfa", [1, 1, 1])):
        run, _, _ = make_run(rule, exact=True, num_layers=2, nonlin=nonlin)
        for W, wanted, zero in zip([W for _, W in run.network.weights()], drawn, zeros, strict=True):
            torch.testing.assert_close(W, torch.zeros_like(W) if zero and zeroed else wanted.double())
        if rule == "fa":
            for B, W in zip(run.rule.matrices(run.network).values(), drawn[1:], strict=True):
                torch.testing.assert_close(B, W.double())  # with relu fa starts as bp
    run, _, _ = make_run("fa", exact=True, num_layers=2, rfb_mag=0.5)
    assert all(0.4 < float(B.abs().max()) <= 0.5 for B in run.rule.matrices(run.network).values())


def test_batch_norm_scales_are_drawn(make_run):
    for exact in (True, False):
        run, _, _ = make_run("dfa", exact=exact, batchnorm=1, num_hidden=200)
        (norm, _) = [m for m in run.network.modules() if isinstance(m, torch.nn.BatchNorm1d)]
        if exact:
            assert 0 <= norm.weight.min() < 0.1 and 0.9 < norm.weight.max() <= 1 and 0.4 < norm.weight.mean() < 0.6
        else:
            assert bool((norm.weight == 1).all())
        assert not norm.bias.any()


@pytest.mark.parametrize(("dropout", "through_feedback"), [(0, True), (1, False)])
def test_the_input_gradient_of_fas_first_convolution(make_run, dropout, through_feedback):
    """With nothing before it the reference sends it through B."""
    settings = {"network": "conv", "conv_channels": "3", "conv_hidden": "6", "shape": (2, 8, 8), "nonlin": "relu"}
    run, x, t = make_run("fa", exact=True, eps=0.1, dropout=dropout, rfb_mag=0.3, **settings)
    run.network.eval()  # no masks
    run.network.mode = lambda training: None
    moved = run._move(x, t, 0)
    _, first = next(run.network.layers())
    assert first.feedback is not None and not torch.equal(first.feedback, first.weight)
    with run.network.through_weights():
        z = x.clone().requires_grad_()
        y = run.network(z)
        onehot = torch.nn.functional.one_hot(t, 5)
        (true,) = torch.autograd.grad(y, z, torch.sigmoid(y.detach()) - onehot)
    same = torch.equal((moved - x).sign(), true.sign())
    assert same is not through_feedback


def test_in_default_mode_the_input_gradient_is_always_true(make_run):
    run, x, t = make_run(
        "fa", network="conv", conv_channels="3", conv_hidden="6", shape=(2, 8, 8), nonlin="relu", eps=0.1, rfb_mag=0.3
    )
    moved = run._move(x, t, 0)
    with run.network.through_weights():
        z = x.clone().requires_grad_()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            run.network(z), torch.nn.functional.one_hot(t, 5).double(), reduction="sum"
        )
        (true,) = torch.autograd.grad(loss, z)
    torch.testing.assert_close(moved, x + 0.1 * true.sign())


def test_the_printed_loss_is_the_mean_over_classes(make_run):
    losses = []
    for exact in (True, False):
        run, x, t = make_run("bp", exact=exact)
        losses.append(float(run.evaluate(x, t)[0]))
    assert losses[1] == pytest.approx(5 * losses[0])
