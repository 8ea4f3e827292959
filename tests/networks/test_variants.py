"""Dropout, batch norm, biases and norm limits: where they sit, and what they do."""

import subprocess
import sys

import pytest
import torch
from torch import nn

from dfa_lab.networks import build
from dfa_lab.networks.layers import Conv2d, Dropout, Linear, Noise
from dfa_lab.networks.max_norm import limit
from dfa_lab.settings.parsing import parse
from tests.gradients import assert_same, by_autograd, by_rule

SHORT = {Linear: "W", Conv2d: "C", Dropout: "D", nn.BatchNorm1d: "N", nn.BatchNorm2d: "N", nn.MaxPool2d: "P", nn.Tanh: "f"}


def layout(**settings: object) -> list[str]:
    """A text a block, "D.1 W N f D.5" say."""
    shape = (3, 32, 32) if settings.get("network") == "conv" else (12,)
    network = build(parse({"num_hidden": 9, **settings}), shape, 5, 0)
    return [
        " ".join(
            SHORT[type(m)] + (f"{m.p:g}"[1:] if isinstance(m, Dropout) else "") for m in block.modules() if type(m) in SHORT
        )
        for block in network.blocks
    ]


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, ["W f", "W f"]),
        ({"dropout": 1}, ["D.1 W f D.5", "W f D.5"]),
        ({"dropout": 2}, ["D.1 W f", "W f"]),
        ({"batchnorm": 1}, ["W N f", "W N f"]),
        ({"batchnorm": 2}, ["W f", "W f"]),
        ({"batchnorm": 1, "dropout": 1}, ["D.1 W N f D.5", "W N f D.5"]),
    ],
)
def test_mlp_as_in_the_reference(settings: dict, wanted: list[str]) -> None:
    assert layout(**settings) == wanted


@pytest.mark.parametrize("settings", [{"num_hidden": "8,5,11"}, {"num_hidden": 6, "num_layers": 3}, {"num_hidden": "6,6,6"}])
def test_widths_of_the_layers(settings: dict) -> None:
    """A network by hand, given the same weights, does the same."""
    network = build(parse({**settings, "nonlin": "relu"}), (3, 4), 5, 0)
    a, b, c = (8, 5, 11) if settings["num_hidden"] == "8,5,11" else (6, 6, 6)
    hidden = [nn.Linear(12, a), nn.ReLU(), nn.Linear(a, b), nn.ReLU(), nn.Linear(b, c), nn.ReLU()]
    by_hand = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(c, 5))
    by_hand.load_state_dict(dict(zip(by_hand.state_dict(), network.state_dict().values(), strict=True)))
    x = torch.randn(4, 3, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(x), by_hand(x))
    assert network.shapes == [(a,), (b,), (c,)]


CONV = {"network": "conv", "conv_channels": "2,3,4", "conv_hidden": "5,6"}


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, ["C f P", "C f P", "C f P", "W f", "W f"]),
        ({"dropout": 1}, ["D.1 C f D.25 P", "C f D.25 P", "C f D.5 P", "W f D.5", "W f D.5"]),
        ({"dropout": 2}, ["C f D.25 P", "C f D.25 P", "C f P", "W f", "W f"]),
        ({"batchnorm": 1}, ["C N f P", "C N f P", "C N f P", "W N f", "W N f"]),
        ({"batchnorm": 2}, ["C f P", "C N f P", "C f P", "W f", "W f"]),
    ],
)
def test_conv_as_in_the_reference(settings: dict, wanted: list[str]) -> None:
    assert layout(**CONV, **settings) == wanted


def test_dropout_is_inverted_and_only_in_training() -> None:
    h, layer = torch.ones(400, 500), Dropout(0.25)
    dropped = layer(h)
    assert dropped.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert float((dropped == 0).double().mean()) == pytest.approx(0.25, abs=0.005)
    layer.eval()
    assert layer(h) is h


def test_masks_follow_from_their_number() -> None:
    noise, h = Noise(), torch.ones(50)
    noise.start(lambda: 7)
    first = [noise.mask(h, 0.5), noise.mask(h, 0.5)]
    assert not torch.equal(*first)
    noise.start(lambda: 7)
    assert torch.equal(noise.mask(h, 0.5), first[0]) and torch.equal(noise.mask(h, 0.5), first[1])
    noise.start(lambda: 8)
    assert not torch.equal(noise.mask(h, 0.5), first[0])


def test_a_mask_is_the_same_however_its_layer_lies_in_memory() -> None:
    noise, masks = Noise(), []
    for h in (torch.ones(30, 50), torch.ones(50, 30).mT):
        noise.start(lambda: 1)
        masks.append(noise.mask(h, 0.5))
    assert torch.equal(*masks)


def test_every_rule_of_a_seed_sees_the_same_masks(make_run) -> None:
    """From equal weights: the activities of bp, fa and dfa in the first training step are equal, and a seed has its own."""
    found = {}
    for rule, seed in (("bp", 3), ("fa", 3), ("dfa", 3), ("shallow", 3), ("bp", 4)):
        run, x, _ = make_run(rule, dropout=1, seed=seed, num_hidden=40)
        found[rule, seed] = [[h.detach() for h in run._forward(x, step, "clean")[0]] for step in (0, 1)]
    (first, second) = found["bp", 3]
    assert all((h == 0).any() for h in first)
    for rule in ("fa", "dfa", "shallow"):
        for step in (0, 1):
            for h, other in zip(found["bp", 3][step], found[rule, 3][step], strict=True):
                torch.testing.assert_close(h, other)
    assert not torch.equal(first[0] == 0, second[0] == 0)
    assert not torch.equal(first[0] == 0, found["bp", 4][0][0] == 0)


@pytest.mark.parametrize("settings", [{"batchnorm": 1}, {"batchnorm": 1, "nonlin": "relu", "criterion": "ce"}])
@pytest.mark.parametrize("rule", ["bp", "fa", "dfa"])
def test_rules_pass_through_batch_norm_by_its_own_derivative(make_run, rule, settings) -> None:
    """bp is autograd's gradient; fa with B = W too; dfa's top hidden block with B = W_out is bp's."""
    run, x, t = make_run(rule, num_layers=2, **settings)
    layers = [layer for _, layer in run.network.layers()]
    if rule == "fa":
        for layer in layers[1:]:
            layer.feedback = layer.weight.detach().clone()
    if rule == "dfa":
        run.rule.B2 = layers[-1].weight.detach().clone()
    found, true = by_rule(run, x, t), by_autograd(run, x, t)
    if rule == "dfa":
        assert not torch.allclose(found[0], true[0])
        names = [name for name, _ in run.network.named_parameters()]
        upper = [n for n, name in enumerate(names) if not name.startswith("blocks.0")]
        found, true = [found[n] for n in upper], [true[n] for n in upper]
    assert_same(found, true)


def test_batch_norm_evaluates_with_running_statistics(make_run) -> None:
    run, x, t = make_run("dfa", batchnorm=1)
    before = run.evaluate(x, t)
    assert torch.equal(run.evaluate(x, t), before)  # evaluating moves nothing
    for step in range(3):
        run.step(x, t, step)
    run.network.eval()
    one = run.network(x[:1])
    assert torch.allclose(one, run.network(x)[:1])  # a sample's output does not hang on its batch


def test_without_biases_there_are_none_and_none_come(make_run) -> None:
    run, x, t = make_run("dfa", bias=0, batchnorm=1)
    for step in range(3):
        run.step(x, t, step)
    for module in run.network.modules():
        bias = getattr(module, "bias", None)
        assert bias is None or (isinstance(module, nn.BatchNorm1d) and not bias.any())
    assert any(m.weight.ne(1).any() for m in run.network.modules() if isinstance(m, nn.BatchNorm1d))


def test_limits_of_the_norms() -> None:
    """By hand: rows are the weights into a unit, columns those out of it; a kernel counts as one unit's."""
    network = build(parse({"num_hidden": 9, "num_layers": 1}), (12,), 5, 0)
    start = {number: W.detach().clone() for number, W in network.weights()}
    limit(network, 0.5, 0)
    for number, W in network.weights():
        norms = start[number].norm(dim=1)
        assert (norms > 0.5).any()
        torch.testing.assert_close(W.norm(dim=1), norms.clamp(max=0.5), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(W / W.norm(dim=1, keepdim=True), start[number] / norms[:, None])
    limit(network, 0, 0.2)
    for _, W in network.weights():
        assert W.norm(dim=0).max() <= 0.2 + 1e-5
    network = build(parse({**CONV}), (3, 32, 32), 5, 0)
    limit(network, 0.3, 400)
    for _, W in network.weights():
        assert W.flatten(1).norm(dim=1).max() <= 0.3 + 1e-5
    limit(network, 0, 0.1)
    for _, W in network.weights():
        assert W.transpose(0, 1).flatten(1).norm(dim=1).max() <= 0.1 + 1e-5


@pytest.mark.parametrize("off", [0, 400, 1000])
def test_no_limit(off: float) -> None:
    network = build(parse({"num_hidden": 9}), (12,), 5, 0)
    with torch.no_grad():
        network.readout.weight.mul_(1e4)
    start = [W.detach().clone() for _, W in network.weights()]
    limit(network, off, off)
    assert all(map(torch.equal, start, [W for _, W in network.weights()]))


def test_limits_hold_after_every_step_and_leave_the_feedback_alone(make_run) -> None:
    run, x, t = make_run("fa", max_in_norm=0.4, max_out_norm=0.35, learning_rate=0.05)
    feedback = [B.clone() for B in run.rule.matrices(run.network).values()]
    for step in range(3):
        run.step(x, t, step)
        for _, W in run.network.weights():
            assert W.norm(dim=1).max() <= 0.4 + 1e-6 and W.norm(dim=0).max() <= 0.35 + 1e-6
    assert all(map(torch.equal, feedback, run.rule.matrices(run.network).values()))


def test_units_are_told_at_once_and_hold_nothing() -> None:
    """Torch's compiler, which some ways to ask for shapes import, takes seconds; the weights would be 12 GB."""
    script = """
import resource, sys
from dfa_lab import networks
from dfa_lab.data.about import Facts
from dfa_lab.settings.parsing import parse
facts = Facts("Any", (3, 32, 32), 10, 1, 1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for settings in ({}, {"batchnorm": 1, "dropout": 1}, {"network": "conv"}, {"num_hidden": 10_000, "num_layers": 30}):
    print(len(networks.units(parse(settings), facts)), sum(networks.units(parse(settings), facts)))
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * (1 if sys.platform == "darwin" else 1024)
print(grown < 200e6, "torch._dynamo" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["2 200", "2 200", "5 34272", "30 300000", "True False"]
