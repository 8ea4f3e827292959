"""Networks of one's own under every rule: each trains right, or is refused with a sentence that names what and where."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from dfa_lab.networks import Network, own_file
from dfa_lab.networks.layers import Conv2d, Linear
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.train.preflight import check
from dfa_lab.train.run import Run
from tests.networks.own_case import RULES, of
from tests.networks.own_networks_refused import ACROSS, OWN_PRODUCTS, UNFIT
from tests.networks.own_networks_trained import TRAINED

SHAPE = (1, 8, 8)
TABLE = {**TRAINED, **OWN_PRODUCTS, **UNFIT, **ACROSS}
TRAINS = [(name, rule) for name, case in TABLE.items() for rule in case.trained_by()]
REFUSED = [(name, rule) for name, case in TABLE.items() for rule in case.refused]


@pytest.fixture(autouse=True)
def permitted() -> None:
    own_file.permit()  # the page, which other tests import, forbids it


@pytest.fixture
def experiment(tmp_path: Path) -> Callable[..., Experiment]:
    def make(name: str, rule: str, **settings: object) -> Experiment:
        (tmp_path / "own.py").write_text(TABLE[name].file)
        given = {"dataset": "digits", "network": str(tmp_path / "own.py"), "rules": rule or ",".join(RULES), "device": "cpu"}
        return parse({**given, **settings})

    return make


def a_run(experiment: Experiment, rule: str) -> Run:
    return Run(experiment, rule, 3, SHAPE, 10, torch.device("cpu"), torch.float64)


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize(("name", "rule"), REFUSED)
def test_what_would_be_another_rule_is_refused_before_any_training(experiment, name: str, rule: str) -> None:
    with pytest.raises(SettingsError) as refused:
        check(experiment(name, rule))
    (sentence,) = refused.value.problems
    assert TABLE[name].refused[rule] in sentence and sentence.endswith(".") and "\n" not in sentence
    assert not rule or f"rules without {rule} for" in sentence


def test_a_file_changes_no_default_of_the_process(experiment) -> None:
    with pytest.raises(SettingsError):
        check(experiment("float64 by default", "bp"))
    assert torch.get_default_dtype() is torch.float32


NORMED = {
    "BatchNorm1d": "nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.BatchNorm1d(9))",
    "a map of one place": "nn.Sequential(nn.Conv2d(1, 4, 8), nn.BatchNorm2d(4))",
}


@pytest.mark.parametrize("name", NORMED)
def test_a_last_batch_of_one_sample_is_refused_before_it_comes(experiment, tmp_path: Path, name: str) -> None:
    """1437 training samples of digits are four times 359 and one more: the first epoch would end in an error."""
    (tmp_path / "own.py").write_text(of(NORMED[name]).file)
    given = {"network": str(tmp_path / "own.py"), "rules": "bp", "device": "cpu"}
    with pytest.raises(SettingsError) as refused:
        check(parse({**given, "batch_size": 359}))
    (sentence,) = refused.value.problems
    assert "batch_size (--batchSize) is 359: give another one, since " in sentence and "a batch of one sample" in sentence
    check(parse({**given, "batch_size": 359, "drop_last": True}))
    check(parse({**given, "batch_size": 360}))


def test_a_norm_of_maps_takes_a_single_sample(experiment, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(of("nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4))").file)
    check(parse({"network": str(tmp_path / "own.py"), "rules": "bp", "batch_size": 359}))


@pytest.mark.parametrize(("name", "rule"), TRAINS)
def test_what_is_trained_gets_the_gradients_of_the_rule(experiment, name: str, rule: str) -> None:
    """In training mode, against plain autograd on a copy of the network in which nothing is the lab's but the weights."""
    made = experiment(name, rule)
    check(made)
    run = a_run(made, rule)
    x = torch.randn(5, *SHAPE, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    t = torch.arange(5)
    twin = a_run(made, rule).network.train()
    run.network.train()
    given = x.clone()
    hs, y = run.rule.hidden(run.network, x)
    e = (torch.sigmoid(y.detach()) - F.one_hot(t, 10)) / 5
    run.rule.backward(hs, y, e)
    assert torch.equal(x, given)  # the batch is every rule's
    torch.set_default_dtype(torch.float64)
    try:
        wanted = WAYS[rule](twin, run, x, e)
    finally:
        torch.set_default_dtype(torch.float32)
    for (label, p), (_, own) in zip(run.network.named_parameters(), twin.named_parameters(), strict=True):
        found = torch.zeros_like(p) if p.grad is None else p.grad
        wrong = (found - wanted.get(own, torch.zeros_like(own))).abs().max()
        assert wrong <= 1e-12 + 1e-9 * found.abs().max(), label


def by_bp(twin: Network, run: Run, x: Tensor, e: Tensor) -> dict[Tensor, Tensor]:
    with twin.noise.passing(True, x.device):
        h = x.clone()
        for block in twin.blocks:
            h = block(h.clone())
        twin.readout(h.flatten(1)).backward(e)
    return {p: p.grad for p in twin.parameters() if p.grad is not None}


def by_fa(twin: Network, run: Run, x: Tensor, e: Tensor) -> dict[Tensor, Tensor]:
    """bp in a network whose layers let the error to their input pass through B, and nothing else."""
    for _, layer in twin.layers():
        layer.forward = _aligned(layer)  # type: ignore[method-assign]
    return by_bp(twin, run, x, e)


def _aligned(layer: Linear | Conv2d) -> Callable[[Tensor], Tensor]:
    def product(h: Tensor, W: Tensor) -> Tensor:
        if isinstance(layer, Linear):
            return F.linear(h, W)
        return F.conv2d(h, W, None, layer.stride, layer.padding, layer.dilation, layer.groups)

    def forward(h: Tensor) -> Tensor:
        a = product(h.detach(), layer.weight)
        through = torch.zeros_like(a) if layer.feedback is None else product(h, layer.feedback)
        assert layer.feedback is not None or not h.requires_grad, "an error has to go on from here, and there is no B"
        b = 0.0 if layer.bias is None else layer.bias.view(-1, 1, 1) if isinstance(layer, Conv2d) else layer.bias
        return a + b + through - through.detach()

    return forward


def by_dfa(twin: Network, run: Run, x: Tensor, e: Tensor) -> dict[Tensor, Tensor]:
    with twin.noise.passing(True, x.device):
        h = x.clone()
        for number, block in enumerate(twin.blocks, start=1):
            h = block(h.detach().clone())
            B = getattr(run.rule, f"B{number}")
            if h.requires_grad:  # what is dropped in this step has no gradient
                h.backward((e @ B).view_as(h))
        twin.readout(h.detach().flatten(1)).backward(e)
    return {p: p.grad for p in twin.parameters() if p.grad is not None}


def by_shallow(twin: Network, run: Run, x: Tensor, e: Tensor) -> dict[Tensor, Tensor]:
    return {p: g for p, g in by_bp(twin, run, x, e).items() if p is twin.readout.weight or p is twin.readout.bias}


WAYS: dict[str, Callable[[Network, Run, Tensor, Tensor], dict[Tensor, Tensor]]] = {
    "bp": by_bp,
    "fa": by_fa,
    "dfa": by_dfa,
    "shallow": by_shallow,
}
