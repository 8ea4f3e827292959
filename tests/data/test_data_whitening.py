"""ZCA whitening: the covariance over the training set becomes the identity."""

from pathlib import Path

import numpy as np
import pytest
import torch

from dfa_lab.data import whitening
from dfa_lab.data.whitening import whitened, zca
from tests.data.data_files import load, mnist

RANDOM = np.random.RandomState(0)
MIX = RANDOM.normal(size=(12, 12)) * 20
CORRELATED = (RANDOM.normal(size=(500, 12)) @ MIX + 30).astype(np.float32)


def covariance(x: torch.Tensor) -> np.ndarray:
    return np.cov(x.flatten(1).double().numpy(), rowvar=False)


def white(x: np.ndarray, exact: bool = False) -> torch.Tensor:
    return whitened(torch.from_numpy(x), *zca(x, exact))


@pytest.mark.parametrize("at_once", [12 * 7, 2**23])
def test_the_covariance_is_the_identity(at_once: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(whitening, "NUMBERS_AT_ONCE", at_once)
    found = white(CORRELATED)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(covariance(found), np.eye(12), rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.mean(0), np.zeros(12), rtol=0, atol=1e-5)


def test_of_two_numbers_by_hand():
    """Covariance [[5, 4], [4, 5]]: variance 9 along (1, 1) and 1 across; so 1/3 along and 1 across."""
    s, d = 3 * np.sqrt(3 / 4), np.sqrt(3 / 4)  # of four samples, so that the sum of squares over 3 is 9 and 1
    along, across = np.array([1, 1]) / np.sqrt(2), np.array([1, -1]) / np.sqrt(2)
    x = np.array([s * along + d * across, s * along - d * across, -s * along + d * across, -s * along - d * across])
    np.testing.assert_allclose(np.cov(x, rowvar=False), [[5, 4], [4, 5]])
    mean, matrix = zca(x + 7)
    np.testing.assert_allclose(mean, [7, 7])
    np.testing.assert_allclose(matrix, [[2 / 3, -1 / 3], [-1 / 3, 2 / 3]], atol=1e-5)


def test_the_matrix_is_the_references():
    mean, matrix = zca(CORRELATED)
    values, vectors = np.linalg.eigh(np.cov(CORRELATED.astype(float), rowvar=False))
    np.testing.assert_allclose(matrix, vectors @ np.diag(1 / np.sqrt(values + 1e-5)) @ vectors.T, atol=1e-9)
    np.testing.assert_allclose(mean, CORRELATED.mean(0, dtype=float))
    assert torch.allclose(matrix, matrix.T)


def test_images_keep_their_shape_and_are_not_scaled_before():
    x = RANDOM.randint(0, 256, (300, 3, 2, 2)).astype(np.uint8)
    found = white(x)
    assert found.shape == x.shape
    np.testing.assert_allclose(covariance(found), np.eye(12), rtol=0, atol=1e-5)
    np.testing.assert_allclose(zca(x)[0], x.reshape(300, -1).mean(0))
    assert float(zca(x)[1].diagonal().mean()) < 0.1  # 1 / 74, of numbers up to 255


def test_what_does_not_vary_goes_to_nought():
    x = np.concatenate([CORRELATED, np.full((500, 1), 3, np.float32)], axis=1)
    for_training, test = zca(x), torch.from_numpy(x[:1] + np.eye(13, dtype=np.float32)[12:] * 200)
    found = white(x)
    assert covariance(found)[12, 12] == 0 and found[:, 12].abs().max() == 0
    assert whitened(test, *for_training).abs().max() < 10
    exact = whitened(test, *zca(x, exact=True))
    assert float(exact[0, 12]) == pytest.approx(200 / np.sqrt(1e-5), rel=1e-3)


def test_fewer_samples_than_inputs():
    """Five samples span four directions: these become 1 and the others 0."""
    found = np.linalg.eigvalsh(covariance(white(CORRELATED[:5])))
    np.testing.assert_allclose(found, [0] * 8 + [1] * 4, atol=1e-5)


@pytest.mark.parametrize("name", ["digits", "moons"])
def test_of_whole_sets(name: str):
    plain, loaded = load(name), load(name, whiten=True)
    assert loaded.x_train.shape == plain.x_train.shape and loaded.x_train.dtype == torch.float32
    inputs = loaded.inputs(loaded.x_train)
    varies = np.flatnonzero(plain.x_train.flatten(1).double().std(0))
    found = covariance(inputs)[np.ix_(varies, varies)]
    np.testing.assert_allclose(found, np.eye(len(varies)), rtol=0, atol=0.02)  # a pixel of digits has the variance 0.0007


def test_it_takes_the_place_of_the_normalisation():
    first, second = (load("digits", whiten=True, normalization=kind) for kind in ("scale", "image"))
    assert torch.equal(first.inputs(first.x_test), second.inputs(second.x_test))
    assert torch.equal(first.inputs(first.x_test), first.x_test)


@pytest.mark.parametrize("hold_out", [False, True])
def test_the_test_set_is_whitened_by_the_training_set(hold_out: bool):
    plain, loaded = (load("digits", hold_out=hold_out, whiten=whiten) for whiten in (False, True))
    mean, matrix = zca(plain.x_train.numpy())
    known = (plain.x_test.flatten(1).double() - mean) @ matrix
    torch.testing.assert_close(loaded.x_test.flatten(1), known.float(), rtol=1e-4, atol=1e-4)
    known = (plain.x_train.flatten(1).double() - mean) @ matrix
    torch.testing.assert_close(loaded.x_train.flatten(1), known.float(), rtol=1e-4, atol=1e-4)
    assert torch.equal(loaded.y_test, plain.y_test)


def test_exact_counts_in_whole_sets(tmp_path: Path):
    mnist(tmp_path)
    default, exact = (load("mnist", tmp_path, whiten=True, exact=exact) for exact in (False, True))
    assert exact.x_test.abs().max() > 100 * default.x_test.abs().max()  # of 784 directions 20 images vary in 19


@pytest.mark.usefixtures("tiny_cifar10")
def test_yuv_comes_first(tmp_path: Path):
    yuv = load("cifar10", tmp_path, format="yuv")
    both = load("cifar10", tmp_path, format="yuv", whiten=True)
    torch.testing.assert_close(both.x_train, whitened(yuv.x_train, *zca(yuv.x_train.numpy())), rtol=0, atol=1e-4)
    assert not torch.allclose(both.x_train, load("cifar10", tmp_path, whiten=True).x_train, atol=1e-2)


@pytest.mark.real_data
def test_real_cifar10(real_data: Path):
    """One channel of every second row and column, so that it takes a second; the whole takes half a minute."""
    x = load("cifar10", real_data).x_train[:, 1, ::2, ::2].contiguous().numpy()
    np.testing.assert_allclose(covariance(white(x)), np.eye(256), rtol=0, atol=1e-3)
