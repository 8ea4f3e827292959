"""Initial weights of a network of one's own: the file's, unless they are to be drawn anew."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from dfa_lab import networks
from dfa_lab.cli.main import app
from dfa_lab.networks import own_file
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import as_stored, parse
from dfa_lab.train import checkpoint
from dfa_lab.train.trainer import Trainer
from tests.networks.own_case import of

OWN = of(
    "filled(nn.Sequential(nn.Flatten(), nn.Linear(64, 12), nn.BatchNorm1d(12)), 0.5), filled(nn.Conv1d(1, 1, 1), 0.25)",
    """
    def filled(module, value):
        for p in module.parameters():
            nn.init.constant_(p, value)
        return nn.Sequential(nn.Unflatten(1, (1, 12)), module, nn.Flatten()) if isinstance(module, nn.Conv1d) else module
    """,
)
TORCH_S = of("dense(), nn.Linear(16, 9)")


@pytest.fixture(autouse=True)
def permitted() -> None:
    own_file.permit()  # the page, which other tests import, forbids it


def written(folder: Path, text: str, **settings: object) -> Experiment:
    (folder / "own.py").write_text(text)
    given = {"network": "own.py", "models_folder": str(folder), "rules": "bp,dfa", "epochs": 1, "device": "cpu"}
    return parse({**given, **settings})


def test_all_that_a_file_gives_is_kept(tmp_path: Path) -> None:
    """Pretrained layers were drawn anew, without a word, while batch norms beside them were kept."""
    for run in (trainer := Trainer(written(tmp_path, OWN.file))).runs:
        values = {name: set(p.flatten().tolist()) for name, p in run.network.named_parameters() if "readout" not in name}
        assert all(found == {0.25 if name.startswith("blocks.1") else 0.5} for name, found in values.items())
        assert len(set(run.network.readout.weight.flatten().tolist())) > 100
    said = own_file.begins_with(trainer.experiment, trainer.runs[0].network)
    assert said.startswith("Initial weights: 1 Linear begins with the file's") and said.endswith("--redraw draws it, too.")


def test_redraw_draws_linear_and_conv2d_alone(tmp_path: Path) -> None:
    network = networks.build(written(tmp_path, OWN.file, redraw=True), (1, 8, 8), 10, 0)
    W = network.get_parameter("blocks.0.1.weight")
    assert 0.12 < W.max() <= 1 / 8 and len(W.unique()) > 100
    assert set(network.get_parameter("blocks.0.2.weight").tolist()) == {0.5}
    assert network.get_parameter("blocks.1.1.weight").item() == 0.25


def test_what_torch_draws_is_the_seed_s(tmp_path: Path) -> None:
    experiment = written(tmp_path, TORCH_S.file)
    one, same, other = (networks.build(experiment, (1, 8, 8), 10, seed).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(one[name], same[name]) and not torch.equal(one[name], other[name]) for name in one)


def test_layers_of_the_lab_itself_are_drawn(tmp_path: Path) -> None:
    """Their memory holds whatever was there."""
    text = of("nn.Sequential(nn.Flatten(), Linear(64, 12))", "from dfa_lab.networks.layers import Linear").file
    network = networks.build(written(tmp_path, text), (1, 8, 8), 10, 0)
    W = network.get_parameter("blocks.0.1.weight")
    assert 0.12 < W.max() <= 1 / 8 and -1 / 8 <= W.min() < -0.12


def test_the_command_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    written(tmp_path, TORCH_S.file)
    words = ["train", "--network", str(tmp_path / "own.py"), "--gradient", "dfa", "--epoch", "1", "--device", "cpu"]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 0 and "Initial weights: 2 Linear begin with the file's" in " ".join(said.output.split())
    said = CliRunner().invoke(app, [*words, "--redraw"])
    assert said.exit_code == 0 and "2 Linear are drawn anew, as --redraw asks" in " ".join(said.output.split())


def test_what_was_stored_before_the_setting_counts_as_it_was_trained(tmp_path: Path) -> None:
    trainer = Trainer(written(tmp_path, TORCH_S.file, redraw=True))
    path = tmp_path / "net.safetensors"
    tensors, numbers = trainer.state()
    old = json.loads(json.dumps(numbers))
    del old["experiment"]["redraw"]
    checkpoint.write(path, tensors, old)
    assert checkpoint.load(path).experiment.redraw
    assert as_stored({"network": "mlp"}) == {"network": "mlp"} and as_stored({}) == {}
    assert as_stored({"network": "own.py", "redraw": False}) == {"network": "own.py", "redraw": False}
