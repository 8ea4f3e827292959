"""The check of the error's path, on the lab's own networks, which training does not ask, and where training begins."""

from pathlib import Path

import pytest
import torch

from dfa_lab.data import facts
from dfa_lab.feedback import RULES
from dfa_lab.feedback.path_check import check, detour, traced
from dfa_lab.feedback.tracing import Kind, Trace
from dfa_lab.networks import own_file
from dfa_lab.networks.layers import Linear
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.network_settings import NETWORKS
from dfa_lab.settings.parsing import parse
from dfa_lab.train.run import Run
from dfa_lab.train.state_file import CheckpointError
from dfa_lab.train.trainer import Trainer
from tests.impostors import BackpropDfa, CopyingFa, TrainingShallow, TransportingFa

WAYS = [
    {"num_layers": 1},
    {"num_layers": 3, "nonlin": "relu", "batchnorm": 1, "dropout": 1},
    {"bias": False, "batchnorm": 1, "dropout": 2},
    {"exact": True, "batchnorm": 1},
]
OWN = """
from torch import nn
def blocks(experiment, shape):
    return [nn.Sequential(nn.Flatten(), nn.Linear(64, 12)), nn.Sequential(nn.Tanh(), nn.Linear(12, 9))]
"""


@pytest.fixture(autouse=True)
def permitted() -> None:
    own_file.permit()  # the page, which other tests import, forbids it


@pytest.mark.parametrize("way", range(len(WAYS)))
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_keeps_its_path_in_every_network_of_the_lab(make_run, rule: str, network: str, way: int) -> None:
    """Which is why training need not ask."""
    small = {"conv_channels": (3, 4), "conv_hidden": (6, 5)}
    run, x, _ = make_run(rule, network=network, shape=(1, 15, 15), **small, **WAYS[way])
    assert detour(run.rule, run.network, x) is None


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("impostor", [BackpropDfa, TransportingFa, TrainingShallow])
def test_rules_that_are_others_are_found(make_run, impostor: type, network: str) -> None:
    run, x, _ = make_run("fa", network=network, shape=(1, 15, 15), conv_channels=(3,), conv_hidden=(6,))
    rule = impostor(run.network, 0, lambda number, shape, bound: torch.randn(shape, dtype=x.dtype))
    assert detour(rule, run.network, x)


def test_a_copy_of_the_weights_that_is_called_feedback_is_found(make_run) -> None:
    run, x, _ = make_run("fa", num_layers=3)
    rule = CopyingFa(run.network, 0, lambda number, shape, bound: torch.randn(shape, dtype=x.dtype))
    assert "Linear in block 2: 0.weight" in str(detour(rule, run.network, x))


def test_products_are_those_of_the_closed_form(make_run) -> None:
    """mlp, 12 inputs, 9 units, 5 classes, 7 samples: L products with W under bp, L with B under fa, and L + 1 for gradients."""
    for rule, kind in (("bp", Kind.WEIGHTS), ("fa", Kind.FEEDBACK), ("dfa", Kind.FEEDBACK)):
        run, x, _ = make_run(rule, num_layers=3)
        products = traced(run.rule, run.network, x).products
        assert [p.kind for p in products].count(kind) == 3 and len(products) == 7
        assert sum(p.multiplications or 0 for p in products if p.kind is Kind.GRADIENTS) == 7 * (12 * 9 + 2 * 81 + 45)


def test_it_takes_no_compiler_and_few_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Milliseconds: some passes of two samples, and torch's compiler, which takes seconds to import, is not called."""
    assert not hasattr(Trace.__torch_dispatch__, "__wrapped__")
    (tmp_path / "own.py").write_text(OWN)
    passes = []
    whole = Linear.forward
    monkeypatch.setattr(Linear, "forward", lambda layer, h: (passes.append(len(h)), whole(layer, h))[1])
    experiment = parse({"network": str(tmp_path / "own.py"), "rules": "fa"})
    check(experiment, facts("digits", 2))
    assert 0 < len(passes) <= 20 and max(passes) == 2
    passes.clear()
    check(experiment, facts("digits", 2))  # as a form does whenever it is drawn
    assert not passes
    (tmp_path / "own.py").write_text(OWN.replace("12", "13"))
    check(experiment, facts("digits", 2))
    assert passes


@pytest.mark.parametrize("way", ["trainer", "prove", "resume"])
def test_no_training_begins_without_it(tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that passes; then its file becomes another, in which fa would be backpropagation."""
    from typer.testing import CliRunner

    from dfa_lab.cli.main import app
    from dfa_lab.train import checkpoint

    monkeypatch.setenv("COLUMNS", "2000")
    file = tmp_path / "own.py"
    file.write_text(OWN)
    settings = {"network": str(file), "rules": "fa", "epochs": 1, "device": "cpu"}
    checkpoint.save(Trainer(parse(settings)), tmp_path / "net.safetensors")
    file.write_text(OWN.replace("nn.Linear(12, 9)", "nn.Unflatten(1, (12, 1)), nn.Conv1d(12, 9, 1), nn.Flatten()"))
    wanted = "Conv1d in block 2: 2.weight"
    if way == "trainer":
        with pytest.raises(SettingsError, match=wanted):
            Trainer(parse(settings))
    elif way == "resume":
        with pytest.raises(SettingsError, match=wanted):
            checkpoint.load(tmp_path / "net.safetensors")
    else:
        for command in ("prove", "train"):
            done = CliRunner().invoke(app, [command, "--network", str(file), "--gradient", "fa", "--device", "cpu"])
            assert done.exit_code == 2 and wanted in " ".join(done.output.split())


def test_what_an_earlier_lab_trained_through_its_weights_is_not_continued_as_fa(tmp_path: Path) -> None:
    """It left out the layer that is defined first."""
    (tmp_path / "own.py").write_text("""
import torch
from torch import nn
class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.second, self.first = nn.Linear(12, 9), nn.Linear(64, 12)
    def forward(self, x):
        return self.second(torch.tanh(self.first(x.flatten(1))))
def blocks(experiment, shape):
    return [Own()]
""")
    trainer = Trainer(parse({"network": str(tmp_path / "own.py"), "rules": "fa", "device": "cpu"}))
    tensors, numbers = trainer.state()
    old = {name.replace("second.feedback", "first.feedback"): tensor for name, tensor in tensors.items()}
    with pytest.raises(CheckpointError, match="by a lab that sent errors through weights"):
        trainer.restore(old, dict(numbers))
    trainer.restore(dict(tensors), dict(numbers))


def test_a_layer_that_changes_its_place_is_stopped(tmp_path: Path) -> None:
    """First on trial, and so without a matrix; above another one when trained: nothing is sent through its weights."""
    (tmp_path / "own.py").write_text("""
import torch
from torch import nn
class Turning(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.turn = nn.Linear(64, 64), nn.Linear(64, 64), False
    def forward(self, x):
        first, second = (self.b, self.a) if self.turn else (self.a, self.b)
        return second(torch.tanh(first(x.flatten(1))))
def blocks(experiment, shape):
    return [Turning()]
""")
    run = Run(parse({"network": str(tmp_path / "own.py")}), "fa", 0, (1, 8, 8), 10, torch.device("cpu"), torch.float32)
    x, t = torch.randn(4, 1, 8, 8), torch.arange(4)
    run.step(x, t)
    run.network.blocks[0].turn = True  # type: ignore[assignment]
    with pytest.raises(RuntimeError, match="came first on trial"):
        run.step(x, t)
    with run.network.through_weights():
        run.network(x)
