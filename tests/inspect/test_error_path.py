"""The figures of the error's path are those of the formulas, and looking at it leaves no trace."""

import pytest
import torch
from torch import nn

from dfa_lab.feedback import RULES, rule_class
from dfa_lab.inspect.error_path import BINS, affordable, error_path, slopes, spread
from dfa_lab.networks import Network
from dfa_lab.networks.criterion import error
from dfa_lab.networks.layers import Linear
from dfa_lab.train.autograd.probe import alignment


@pytest.mark.parametrize("rule", ["bp", "fa", "dfa", "shallow"])
def test_sizes_and_angles_are_those_of_autograd(make_run, rule: str) -> None:
    run, x, t = make_run(rule, num_layers=3, dropout=1, batchnorm=1, samples=30)
    run.step(x, t)
    kept = {name: tensor.clone() for name, tensor in run.tensors().items()}
    found = error_path(run.rule, run.network, "bce", x, t)
    assert run.network.training and not [name for name, now in run.tensors().items() if not torch.equal(now, kept[name])]
    assert not any(module._forward_hooks for module in run.network.modules())
    run.network.mode(training=False)
    with run.network.through_weights():
        hs, y = run.network.hidden(x)
    names = [name for name in run.network.state_dict() if name.endswith("weight") and "blocks" in name]
    names = [name for name in names if run.network.state_dict()[name].dim() == 2]
    e = error("bce", y.detach(), t)
    true = torch.autograd.grad(y, hs, e, retain_graph=True)
    wanted = alignment(run.rule, run.network, "bce", x, t).signal
    hs_rule, y_rule = run.rule.hidden(run.network, x)
    signals = run.rule.signals(hs_rule, y_rule, e)
    assert len(found.parts) == 4 and found.samples == 30
    for block, part in enumerate(found.parts[:3], start=1):
        assert part.true == pytest.approx(30 * float(true[block - 1].square().mean().sqrt()))
        assert part.h == pytest.approx(float(hs[block - 1].detach().mean())) and part.shape == (9,)
        assert part.norm == pytest.approx(float(kept[f"network.{names[block - 1]}"].norm()))
        assert part.parameters == 9 * (12 if block == 1 else 9) + 9 + 18  # W, b, batch norm
        signal = signals[block - 1]
        if signal is None:
            assert part.signal is part.angle is part.B is None
        else:
            assert part.signal == pytest.approx(30 * float(signal.square().mean().sqrt()))
            assert part.angle == pytest.approx(wanted[block][0], abs=1e-4)
    top = found.parts[3]
    assert top.signal == top.true == pytest.approx(30 * float(e.square().mean().sqrt())) and top.angle == pytest.approx(0)
    assert top.shape == (5,) and top.layers == ((5, 9),)
    assert found.largest == max((part.signal or 0) for part in found.parts[:3])
    if rule == "bp":
        assert all(part.signal == pytest.approx(part.true) and part.B is None for part in found.parts)
    if rule in ("fa", "dfa"):
        B = run.rule.matrices(run.network)[1]
        assert found.parts[0].B is not None
        assert found.parts[0].B.shape == tuple(B.shape) and found.parts[0].B.norm == pytest.approx(float(B.norm()))


def test_convolutions_and_who_cannot_afford_many_samples(make_run) -> None:
    run, x, t = make_run("fa", shape=(2, 12, 12), network="conv", dataset="mnist", conv_channels="3,4", conv_hidden="6")
    found = error_path(run.rule, run.network, "ce", x, t)
    assert [part.shape for part in found.parts] == [(3, 5, 5), (4, 2, 2), (6,), (5,)]
    assert found.parts[0].layers == ((3, 2, 5, 5),) and found.parts[0].B is not None and found.parts[0].B.shape == (4, 3, 5, 5)
    work = sum(run.network.multiplications())
    assert affordable(run.network, 100, 60 * work) == 10
    assert affordable(run.network, 100, 1) == 4 and affordable(run.network, 3, 10**12) == 3


@pytest.mark.parametrize(
    ("kind", "a", "flat"),
    [(nn.Tanh, [0.0, 1.0, 1.9, -3.0], 0.5), (nn.Sigmoid, [0.0, 3.5, -3.8, 9.0], 0.5), (nn.ReLU, [-1.0, 0.0, 0.1, 2.0], 0.5)],
)
def test_who_is_saturated(kind: type[nn.Module], a: list[float], flat: float) -> None:
    """tanh' is below a tenth beyond |a| = 1.82, sigmoid' below a tenth of a quarter beyond 3.64, relu' is 0 below 0."""
    network = Network([nn.Sequential(Linear(1, 1, bias=False), kind()), nn.Flatten()], (1,), 2)
    with torch.no_grad():
        for _, layer in network.layers():
            layer.weight.fill_(1.0)
    with slopes(network) as found:
        network(torch.tensor(a)[:, None])
    assert found == {1: flat}


def test_a_distribution_counts_entries() -> None:
    found = spread(torch.tensor([[-2.0, 0.0, 0.0], [1.0, 0.1, -0.1]]))
    assert found.reach == 2 and sum(found.counts) == 6 and len(found.counts) == BINS
    assert found.counts[0] == 1 and found.counts[BINS // 2] == 2  # the zeros; ±0.1 are just beside them
    assert found.norm == pytest.approx((4 + 1 + 0.02) ** 0.5) and found.rms == pytest.approx(found.norm / 6**0.5)
    large = spread(torch.linspace(-1, 1, 100_000).view(100, 1000))
    assert max(large.counts) <= 1.1 * min(large.counts) and 4000 < sum(large.counts) <= 5000
    assert spread(torch.zeros(3)).reach == 0


def test_every_rule_says_on_which_path_its_error_comes() -> None:
    paths = {name: rule_class(name).path for name in RULES}
    assert paths | {"bp": "chain", "fa": "chain", "dfa": "direct", "shallow": "none"} == paths
    assert rule_class("fa").replaces_weights and not rule_class("bp").replaces_weights
