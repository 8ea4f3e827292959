"""What is seen of a network is right, and looking at it leaves no trace."""

import numpy as np
import pytest
import torch
from torch import nn

from dfa_lab.inspect import components, filters, mistakes, representations, surface
from dfa_lab.inspect.forward import answers, undisturbed
from dfa_lab.networks import Network
from dfa_lab.networks.layers import Conv2d, Linear
from dfa_lab.train.trainer import Trainer
from tests.train.small_data import plain, small, small_set


def linear(W: list[list[float]], V: list[list[float]]) -> Network:
    """y = V·W·x, by hand."""
    block = Linear(len(W[0]), len(W), bias=False)
    network = Network([nn.Sequential(nn.Flatten(), block)], (len(W[0]),), len(V))
    with torch.no_grad():
        block.weight.copy_(torch.tensor(W))
        network.readout.weight.copy_(torch.tensor(V))
        network.readout.bias.zero_()
    return network


def test_the_surface_of_a_linear_network_is_a_logistic_slope():
    network = linear([[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [-2.0, 0.0]])  # y = ±2x: only left and right count
    plane = surface.Plane(-1.0, 1.0, -2.0, 2.0)
    grid = plane.grid(4)
    assert grid[0].tolist() == [-0.75, 1.5] and grid[3].tolist() == [0.75, 1.5] and grid[-1].tolist() == [0.75, -1.5]
    p = answers(network, "ce", grid).numpy()
    np.testing.assert_allclose(p[:, 0], 1 / (1 + np.exp(-4 * grid[:, 0].numpy())), atol=1e-6)
    np.testing.assert_allclose(answers(network, "bce", grid)[:, 0], 1 / (1 + np.exp(-2 * grid[:, 0].numpy())), atol=1e-6)
    given, sure = surface.decided(p)
    assert given.reshape(4, 4).tolist() == [[1, 1, 0, 0]] * 4
    np.testing.assert_allclose(sure, np.abs(2 * p[:, 0] - 1), atol=1e-6)  # of two classes
    maps = surface.unit_maps(network, 1, grid, 1)
    np.testing.assert_allclose(maps, grid[:, :1].T)  # the first of two units is x itself
    np.testing.assert_allclose(filters.scaled(maps).reshape(4, 4)[0], [-1, -1 / 3, 1 / 3, 1], rtol=1e-6)


def test_who_is_as_likely_as_chance_is_not_sure():
    _, sure = surface.decided(np.array([[0.25, 0.25, 0.25, 0.25], [1, 0, 0, 0], [0.1, 0.1, 0.1, 0.1]]))
    assert sure.tolist() == [0, 1, 0]


def test_the_window_is_square_holds_all_points_and_knows_their_places():
    points = np.array([[0.0, 0.0], [4.0, 2.0]])
    plane = surface.around(points)
    assert plane.right - plane.left == pytest.approx(plane.top - plane.bottom) == pytest.approx(4 * 1.16)
    places = plane.places(points)
    assert ((places > 0) & (places < 1)).all()
    assert places[0, 0] == pytest.approx(0.08 / 1.16) and places[1, 1] < places[0, 1]  # higher points are nearer the top
    middle = plane.places(plane.grid(1).numpy())
    np.testing.assert_allclose(middle, [[0.5, 0.5]], atol=1e-6)


def test_filters_are_the_weights_in_the_shape_of_the_image():
    network = linear([[1.0, 2.0, 3.0, -6.0], [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]], [[1.0, 0.0, 0.0]])
    found, count = filters.first_filters(network, (1, 2, 2), 2)
    assert count == 3 and found.tolist() == [[[[1, 2], [3, -6]]], [[[0, 0], [0, 0]]]]
    assert filters.scaled(found)[0, 0, 1].tolist() == [0.5, -1] and not filters.scaled(found)[1].any()
    with torch.no_grad():
        network.weights()[0][1].zero_()
    assert found.any()  # a copy
    conv = Network([nn.Sequential(Conv2d(3, 5, 3), nn.Tanh())], (3, 6, 6), 2)
    nn.init.ones_(conv.weights()[0][1])
    kernels, count = filters.first_filters(conv, (3, 6, 6), 32)
    assert kernels.shape == (5, 3, 3, 3) and count == 5
    assert len(filters.first_filters(linear([[1.0, 1.0]], [[1.0]]), (1, 2, 2), 32)[0]) == 0  # not of the pixels


def test_confusions_are_those_of_scikit_learn():
    from sklearn.metrics import confusion_matrix  # here: it imports scipy.stats, and every worker collects all files

    random = np.random.default_rng(0)
    t, given = random.integers(0, 4, 200), random.integers(0, 3, 200)
    np.testing.assert_array_equal(mistakes.confusion(t, given, 4), confusion_matrix(t, given, labels=range(4)))


@pytest.mark.parametrize("kind", ["bce", "ce"])
def test_the_worst_mistakes_come_first(make_run, kind: str):
    run, x, t = make_run("dfa", samples=40, criterion=kind)
    whole = mistakes.ask(run.network, kind, x, t)
    halves = mistakes.joined([mistakes.ask(run.network, kind, x[:15], t[:15]), mistakes.ask(run.network, kind, x[15:], t[15:])])
    np.testing.assert_allclose(whole.p, halves.p, atol=1e-6)
    places = mistakes.worst(whole, 5)
    losses = whole.loss[places]
    assert (whole.given[places] != whole.t[places]).all() and (np.diff(losses) <= 0).all()
    others = np.setdiff1d(np.flatnonzero(whole.given != whole.t), places)
    assert losses[-1] >= whole.loss[others].max()
    assert whole.error == pytest.approx(float((run.network.eval()(x).argmax(1) != t).double().mean()))


def test_a_moved_sample_is_moved_by_eps_and_worse_for_the_network(make_run):
    run, x, t = make_run("fa", criterion="ce")
    there, p = mistakes.moved(run.network, "ce", x, t, 0.1)
    torch.testing.assert_close((there - x).abs(), torch.full_like(x, 0.1))
    before = mistakes.ask(run.network, "ce", x, t)
    rows = np.arange(len(t))
    assert (p[rows, t] < before.p[rows, t]).all()


def test_the_principal_axis_of_a_stretched_cloud_is_found():
    random = np.random.default_rng(1)
    along, across = random.normal(0, 5, 400), random.normal(0, 1, 400)
    axis, other = np.array([0.6, 0.8, 0.0]), np.array([-0.8, 0.6, 0.0])
    t = (along < 0).astype(int)  # class 0 is on the positive side
    cloud = components.principal(along[:, None] * axis + across[:, None] * other + 7, t)
    assert np.corrcoef(cloud.points[:, 0], along)[0, 1] > 0.99
    assert cloud.shares[0] == pytest.approx(along.var() / (along.var() + across.var()), abs=0.01)
    assert sum(cloud.shares) == pytest.approx(1)
    wide = components.principal(np.pad(along[:, None] * axis, ((0, 0), (0, 600))), t)  # by another way of reckoning
    assert np.corrcoef(wide.points[:, 0], along)[0, 1] > 0.999


@pytest.mark.parametrize("n", [1, 3])
def test_a_layer_that_says_the_same_to_everything_is_one_point(n: int):
    cloud = components.principal(np.ones((10, n)), np.arange(10) % 2)
    assert not cloud.points.any() and cloud.shares == (0, 0)


def test_a_network_that_has_diverged_is_one_point_too():
    cloud = components.principal(np.full((10, 3), np.nan), np.arange(10) % 2)
    assert not cloud.points.any() and cloud.shares == (0, 0)


def test_activities_are_those_of_every_block(make_run):
    run, x, _ = make_run("bp", num_layers=3)
    found = representations.activities(run.network, x)
    wanted, _ = run.network.eval().hidden(x)
    assert len(found) == 3
    for h, w in zip(found, wanted, strict=True):
        np.testing.assert_allclose(h, w.detach().numpy(), rtol=1e-6)


def everything(trainer: Trainer) -> None:
    """Every look there is, at every run."""
    x, t, shape = trainer.data.x_test, trainer.data.y_test, trainer.data.facts.shape
    for run in trainer.runs:
        answers(run.network, "bce", x)
        surface.unit_maps(run.network, 1, x, 4)
        filters.first_filters(run.network, shape, 4)
        mistakes.ask(run.network, "bce", x, t)
        mistakes.moved(run.network, "bce", x, t, 0.1)
        for h in representations.activities(run.network, x):
            components.principal(h, t.numpy())


def test_looking_between_any_two_parts_of_a_step_changes_nothing():
    experiment = small(dropout=1, batchnorm=1, batch_size=25, measure_every=1, optimizer="adam")
    left, looked = (Trainer(experiment, small_set()) for _ in range(2))
    random = torch.get_rng_state(), np.random.get_state()[1].copy()  # type: ignore[union-attr]
    wanted = [record for records in left for record in records]
    found = []
    while not looked.done:
        everything(looked)
        modes = [module.training for run in looked.runs for module in run.network.modules()]
        found += looked.advance()
        everything(looked)
        assert len(modes)
    assert plain(found) == plain(wanted)
    for name, tensor in left.state()[0].items():
        assert torch.equal(tensor, looked.state()[0][name]), name
    assert torch.equal(random[0], torch.get_rng_state()) and (random[1] == np.random.get_state()[1]).all()  # type: ignore[index]


def test_every_module_keeps_its_mode_even_when_looking_fails():
    network = linear([[1.0, 0.0]], [[1.0]])
    network.train()
    network.readout.eval()
    before = [module.training for module in network.modules()]
    with pytest.raises(ValueError), undisturbed(network):
        assert not any(module.training for module in network.modules()) and not torch.is_grad_enabled()
        raise ValueError
    assert [module.training for module in network.modules()] == before and torch.is_grad_enabled()
