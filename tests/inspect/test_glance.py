"""A network at a glance: what is sent is what the network has, and looking changes nothing."""

import numpy as np
import pytest
import torch

from dfa_lab.inspect.glance import SIDE, UNITS, examples, glance, of_images, of_points, window
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer


def trained(steps: int = 3, **settings: object) -> Trainer:
    trainer = Trainer(parse({"num_hidden": 6, "rules": "bp,dfa", "epochs": 1, **settings}))
    for _, _ in zip(range(steps), trainer, strict=False):
        pass
    return trainer


def test_units_of_points_are_maps_of_the_plane_and_the_answers_are_those_of_the_network() -> None:
    trainer = trained(dataset="spirals", num_layers=2)
    assert of_points(trainer) and not of_images(trainer)
    grid = window(trainer).grid(SIDE)
    seen = glance(trainer, 1, grid)
    network = trainer.runs[1].network
    x = trainer.data.inputs(grid, torch.float32)
    for number, column in enumerate(seen.columns):
        x = torch.tanh(x @ network.weights()[number][1].detach().T + list(network.blocks[number].parameters())[1].detach())
        wanted = x[:, :UNITS].T.reshape(UNITS, SIDE, SIDE)[:, ::2, ::2].numpy()
        wanted = wanted / np.abs(wanted).max(axis=(1, 2), keepdims=True)
        assert column.shows == "plane" and column.units == 6
        np.testing.assert_allclose(column.tiles, wanted, atol=1e-6)
    y = x @ network.readout.weight.detach().T + network.readout.bias.detach()
    assert (seen.given == y.argmax(1).numpy()).all()
    p = torch.sigmoid(y).max(1).values.numpy()
    np.testing.assert_allclose(seen.sure, np.clip((p - 0.5) / 0.5, 0, 1), atol=1e-6)
    for mesh, (_, W) in zip(seen.meshes, network.weights(), strict=True):
        part = W.detach()[:UNITS, :UNITS].numpy()
        assert mesh is not None
        np.testing.assert_allclose(mesh, part / np.abs(part).max(), atol=1e-6)


def test_units_of_images_are_their_weights_and_the_examples_are_of_different_classes() -> None:
    trainer = trained(dataset="digits", num_layers=2)
    at = examples(trainer)
    assert len(set(trainer.data.y_test[at].tolist())) == len(at) == 6
    seen = glance(trainer, 0, trainer.data.x_test[at])
    first, second = (W.detach().numpy() for _, W in trainer.runs[0].network.weights()[:2])
    wanted = first[:UNITS].reshape(UNITS, 8, 8)
    np.testing.assert_allclose(seen.columns[0].tiles, wanted / np.abs(wanted).max(axis=(1, 2), keepdims=True), atol=1e-6)
    row = seen.columns[1].tiles[2].ravel()
    assert row.shape == (9,) and not row[6:].any()  # six weights in a square of nine
    np.testing.assert_allclose(row[:6], second[2] / np.abs(second[2]).max(), atol=1e-6)
    assert seen.meshes[0] is None  # pixels are not shown one by one
    assert len(seen.given) == 6


@pytest.mark.parametrize(
    "settings",
    [{"dataset": "digits", "batchnorm": True}, {"dataset": "xor", "dropout": 1, "batchnorm": True}],
)
def test_a_look_changes_no_later_step(settings: dict) -> None:
    looked, alone = trained(**settings), trained(**settings)
    inputs = window(looked).grid(SIDE) if of_points(looked) else looked.data.x_test[examples(looked)]
    for run in range(2):
        seen = glance(looked, run, inputs)
        assert all(np.isfinite(column.tiles).all() for column in seen.columns)
    for one in (looked, alone):
        for _, _ in zip(range(3), one, strict=False):
            pass
    for mine, other in zip(looked.runs, alone.runs, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(mine.network.parameters(), other.network.parameters(), strict=True))
