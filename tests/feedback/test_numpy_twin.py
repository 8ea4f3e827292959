"""Three steps of dfa against the plain-numpy twin, to 1e-6 in float64."""

import numpy as np
import pytest

from tests.feedback.numpy_twin import train


@pytest.mark.parametrize("nonlin", ["tanh", "relu"])
@pytest.mark.parametrize("criterion", ["bce", "ce"])
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
def test_three_steps(make_run, nonlin, criterion, optimizer):
    rate = 0.1 if optimizer == "sgd" else 0.01
    run, x, t = make_run(
        "dfa", num_layers=3, nonlin=nonlin, criterion=criterion, optimizer=optimizer, learning_rate=rate, shape=(12,)
    )
    layers = [layer for _, layer in run.network.layers()]
    W = [layer.weight.detach().numpy().copy() for layer in layers]
    b = [layer.bias.detach().numpy().copy() for layer in layers]
    B = [matrix.numpy() for matrix in run.rule.matrices(run.network).values()]
    before = [w.copy() for w in W]
    train(W, b, B, x.numpy(), t.numpy(), steps=3, nonlin=nonlin, criterion=criterion, optimizer=optimizer, rate=rate)
    for _ in range(3):
        run.step(x, t)
    for layer, w, c, old in zip(layers, W, b, before, strict=True):
        np.testing.assert_allclose(layer.weight.detach().numpy(), w, atol=1e-6, rtol=0)
        np.testing.assert_allclose(layer.bias.detach().numpy(), c, atol=1e-6, rtol=0)
        assert np.abs(w - old).max() > 1e-4  # they did move
