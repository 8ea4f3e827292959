"""Initial weights, against torch's own functions and against what the formulas say of their spread."""

from itertools import combinations
from math import prod, sqrt

import pytest
import torch
from torch import Tensor, nn

from dfa_lab.networks import build, own_file
from dfa_lab.networks.layers import Conv2d, Linear
from dfa_lab.networks.network import Network
from dfa_lab.seeding import generator
from dfa_lab.settings.network_settings import INITIAL
from dfa_lab.settings.parsing import parse

NAMED = ("kaiming", "xavier", "orthogonal")
MLP = {"num_hidden": "400,300"}
CONV = {"network": "conv", "conv_channels": "20,30", "conv_hidden": "50", "dataset": "mnist"}
GAINS = {"tanh": 5 / 3, "sigmoid": 1.0, "relu": sqrt(2)}
OWN = """from torch import nn
def blocks(experiment, shape):
    return [nn.Sequential(nn.Flatten(), nn.Linear(784, 80), nn.GELU()), nn.Sequential(nn.LayerNorm(80), nn.Linear(80, 60))]
"""


def built(settings: dict, seed: int = 3, **more: object) -> Network:
    return build(parse(settings | more), (1, 28, 28), 10, seed)


def torchs(init: str, nonlin: str, like: Tensor, stream: torch.Generator) -> Tensor:
    """One layer's weights by torch alone."""
    W, gain = torch.empty(like.shape), nn.init.calculate_gain(nonlin)  # type: ignore[arg-type]
    if init == "kaiming":
        return nn.init.kaiming_normal_(W, mode="fan_in", nonlinearity=nonlin, generator=stream)  # type: ignore[arg-type]
    if init == "xavier":
        return nn.init.xavier_uniform_(W, generator=stream)
    return nn.init.orthogonal_(W, gain, generator=stream)


@pytest.mark.parametrize("nonlin", GAINS)
@pytest.mark.parametrize("settings", [MLP, CONV], ids=["mlp", "conv"])
@pytest.mark.parametrize("init", NAMED)
def test_they_are_torchs_from_the_seeds_generator(init: str, settings: dict, nonlin: str) -> None:
    network, stream = built(settings, init=init, nonlin=nonlin), generator(3, "weights")
    for _, layer in network.layers():
        wanted = torchs(init, "linear" if layer is network.readout else nonlin, layer.weight, stream)
        assert torch.equal(layer.weight, wanted)
        assert layer.bias is not None and not layer.bias.any()
    assert all(p.requires_grad for p in network.parameters())


def checked(init: str, gain: float, layer: Linear | Conv2d) -> None:
    """Its spread, or its right angles, by the closed form."""
    W = layer.weight.detach().flatten(1).double()
    field = prod(layer.weight.shape[2:])
    fan_in, fan_out = layer.weight.shape[1] * field, layer.weight.shape[0] * field
    if init == "orthogonal":
        short = W @ W.T if len(W) <= W.shape[1] else W.T @ W
        torch.testing.assert_close(short, gain**2 * torch.eye(len(short), dtype=W.dtype), rtol=0, atol=1e-5)
        return
    wanted = gain / sqrt(fan_in) if init == "kaiming" else sqrt(2 / (fan_in + fan_out))
    unsure = wanted / sqrt(2 * W.numel())  # standard deviation of a spread that was found, at most
    assert float(W.square().mean().sqrt()) == pytest.approx(wanted, abs=5 * unsure)
    if init == "xavier":
        assert W.abs().max() <= sqrt(6 / (fan_in + fan_out))
    else:
        assert (W.abs() > 2 * wanted).double().mean() == pytest.approx(0.0455, abs=5 * sqrt(0.0455 / W.numel()))


@pytest.mark.parametrize("nonlin", GAINS)
@pytest.mark.parametrize("settings", [MLP, CONV], ids=["mlp", "conv"])
@pytest.mark.parametrize("init", NAMED)
def test_they_spread_as_the_formulas_say(init: str, settings: dict, nonlin: str) -> None:
    network = built(settings, init=init, nonlin=nonlin)
    for _, layer in network.layers():
        checked(init, 1.0 if layer is network.readout else GAINS[nonlin], layer)


def test_no_two_are_alike_and_each_hangs_on_the_seed() -> None:
    first = {init: built(MLP, init=init).readout.weight for init in INITIAL}
    for one, other in combinations(INITIAL, 2):  # what paper zeroes, it zeroes for two rules only
        assert torch.equal(first[one], first[other]) == ({one, other} == {"ordinary", "paper"})
    for init in INITIAL:
        assert torch.equal(first[init], built(MLP, init=init).readout.weight)
        assert not torch.equal(first[init], built(MLP, seed=4, init=init).readout.weight)


@pytest.mark.parametrize("init", NAMED)
def test_every_rule_begins_with_the_same(make_run, init: str) -> None:
    first, *others = (make_run(rule, init=init)[0].network.weights() for rule in ("bp", "fa", "dfa", "shallow"))
    for other in others:
        assert all(W.any() and torch.equal(W, theirs) for (_, W), (_, theirs) in zip(first, other, strict=True))


def test_without_biases_there_are_none() -> None:
    assert all(layer.bias is None or not layer.bias.any() for _, layer in built(MLP, bias=0, init="kaiming").layers())


@pytest.mark.parametrize("init", NAMED)
def test_a_network_file_is_drawn_only_if_it_is_asked_for(tmp_path, init: str) -> None:
    """With the gain of nonlin, which such a file need not use; its readout always, and its norms never."""
    own_file.permit()  # a page that was tested before may have restricted this process
    (tmp_path / "own.py").write_text(OWN)
    given = {"network": "own.py", "models_folder": str(tmp_path), "nonlin": "relu", "init": init}
    kept, drawn = built(given), built(given, redraw=True)
    for (_, layer), (_, theirs) in zip(drawn.layers(), built(given, init="ordinary").layers(), strict=True):
        checked(init, 1.0 if layer is drawn.readout else sqrt(2), layer)
        assert not torch.equal(layer.weight, theirs.weight)
    ordinary = built(given, init="ordinary")
    for (_, layer), (_, theirs) in zip(kept.layers(), ordinary.layers(), strict=True):
        assert torch.equal(layer.weight, theirs.weight) == (layer is not kept.readout)
    checked(init, 1.0, kept.readout)
