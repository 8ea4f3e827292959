"""What is measured in networks of one's own: that of the network, whatever it does in place, and without what is frozen."""

from pathlib import Path

import pytest
import torch

from dfa_lab.networks import own_file
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer
from tests.networks.own_case import of

GROUPS = "angles,units,update"


@pytest.fixture(autouse=True)
def permitted() -> None:
    own_file.permit()  # the page, which other tests import, forbids it


def measured(folder: Path, blocks: str, **settings: object) -> dict[tuple, float | None]:
    """All but the seconds, of three steps."""
    (folder / "own.py").write_text(of(blocks).file)
    small = {"dataset": "digits", "epochs": 1, "measure_every": 1, "probe_size": 32, "measures": GROUPS, "device": "cpu"}
    experiment: Experiment = parse({**small, "network": str(folder / "own.py"), "rules": "bp,fa,dfa", **settings})
    trainer = Trainer(experiment)
    return {(r.run, r.metric, r.layer, r.step): r.value for _ in range(3) for r in next(trainer)}


IN_PLACE = {
    "at the start of a block": (
        "nn.Sequential(nn.Flatten(), nn.Linear(64, 12)), nn.Sequential(nn.ReLU(inplace={}), nn.Linear(12, 9)), "
        "nn.Tanh() and nn.Linear(9, 9)"
    ),
    "at the start of two": (
        "dense(12), nn.Sequential(nn.Hardtanh(-0.1, 0.1, inplace={0}), nn.Linear(12, 9)), "
        "nn.Sequential(nn.ELU(inplace={0}), nn.Linear(9, 9))"
    ),
    "after a flatten": (
        "nn.Sequential(nn.Conv2d(1, 2, 3)), nn.Sequential(nn.Flatten(), nn.LeakyReLU(inplace={}), nn.Linear(72, 9))"
    ),
    "of the inputs": "nn.Sequential(nn.Flatten(), nn.Hardtanh(-0.5, 0.5, inplace={}), nn.Linear(64, 12), nn.Tanh())",
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_block_that_writes_into_its_input_changes_no_measure(tmp_path: Path, name: str) -> None:
    """Losses were right before, and angles of its neighbour were those of another layer."""
    written, apart = (measured(tmp_path, IN_PLACE[name].format(inplace)) for inplace in (True, False))
    assert written == apart
    assert {metric for _, metric, *_ in written} >= {"signal_angle", "gradient_angle", "update_angle", "train_loss"} - {
        "train_loss"
    }


@pytest.mark.parametrize("optimizer", ["rmsprop", "sgd"])
def test_a_frozen_layer_has_no_gradient_to_measure(tmp_path: Path, optimizer: str) -> None:
    """A layer beside it in its block has; where all of a block's are frozen there is a gap, and bp is at no angle to itself."""
    blocks = (
        "nn.Sequential(nn.Flatten(), nn.Linear(64, 12).requires_grad_(False), nn.Tanh(), nn.Linear(12, 9)), "
        "nn.Sequential(nn.Linear(9, 9).requires_grad_(False), nn.LayerNorm(9), nn.Tanh())"
    )
    found = measured(tmp_path, blocks, optimizer=optimizer)
    layers = {layer for _, metric, layer, _ in found if metric == "gradient_angle"}
    assert layers == {None, 1, 3}
    angles = [value for (run, metric, *_), value in found.items() if run == 0 and metric == "gradient_angle"]
    assert angles and all(value is not None and value < 1e-3 for value in angles)
    assert {layer for _, metric, layer, _ in found if metric == "signal_angle"} == {1, 2}


def test_what_is_frozen_stays(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        of("dense(12), nn.Sequential(nn.Linear(12, 9).requires_grad_(False), nn.LayerNorm(9))").file
    )
    trainer = Trainer(parse({"network": str(tmp_path / "own.py"), "rules": "bp,fa,dfa", "epochs": 1, "device": "cpu"}))
    frozen = [run.network.get_parameter("blocks.1.0.weight").detach().clone() for run in trainer.runs]
    for _ in range(3):
        next(trainer)
    for run, before in zip(trainer.runs, frozen, strict=True):
        assert torch.equal(run.network.get_parameter("blocks.1.0.weight"), before)
