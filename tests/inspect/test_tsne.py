"""t-SNE keeps neighbourhoods, as scikit-learn's own measure says; and its process does what the function does."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dfa_lab.inspect import tsne
from dfa_lab.inspect.mapping import KILLED, Mapping
from tests.runs.patience import until

T = np.arange(60) % 3


def gaussians(units: int) -> np.ndarray:
    """(60, units): three groups far from each other."""
    chance = np.random.RandomState(0)
    return (10 * chance.normal(size=(3, units))[T] + chance.normal(size=(60, units))).astype(np.float32)


def trustworthiness(h: np.ndarray, points: np.ndarray) -> float:
    """Of scikit-learn, which is imported when it is needed: it takes seconds, and every worker collects all files."""
    from sklearn import manifold

    return float(manifold.trustworthiness(h, points))


def ended(mapping: Mapping) -> None:
    until = time.monotonic() + 120
    while mapping.running:
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("units", [2, 70])
def test_groups_stay_groups(units: int):
    h = gaussians(units)
    points = tsne.embed(h, T)
    assert points.shape == (60, 2) and np.array_equal(points, tsne.embed(h, T))
    shuffled = points[np.random.RandomState(1).permutation(60)]
    assert trustworthiness(h, points) > 0.9 > 0.7 > trustworthiness(h, shuffled)
    assert tsne.beside_their_own(points, T) == 1 and tsne.beside_their_own(shuffled, T) < 0.7


def test_what_is_too_little_or_no_number():
    assert tsne.embed(gaussians(5)[: tsne.FEWEST], T[: tsne.FEWEST]).shape == (tsne.FEWEST, 2)  # the perplexity gives way
    assert tsne.embed(gaussians(1), T).shape == (60, 2)  # a layer of one unit
    assert not tsne.embed(np.ones((20, 4), np.float32), T[:20]).any()  # dead units: one place
    with pytest.raises(ValueError, match="at least 10 samples, these are 9"):
        tsne.embed(gaussians(5)[:9], T[:9])
    with pytest.raises(ValueError, match="diverged"):
        tsne.embed(np.full((20, 4), np.nan, np.float32), T[:20])


def test_the_share_of_nearest_neighbours():
    line = np.array([[0.0, 0], [1, 0], [5, 0], [5.5, 0], [9, 0]])
    assert tsne.beside_their_own(line, np.array([0, 0, 1, 2, 2])) == pytest.approx(3 / 5)


def test_the_process_maps_as_the_function_and_says_why_not():
    layers = [gaussians(4), gaussians(9)]
    mapping, bad = Mapping(layers, T), Mapping([layers[0][:9]], T[:9])
    ended(mapping)
    assert mapping.problem == "" and [one.shape for one in mapping.maps] == [(60, 2)] * 2
    for found, h in zip(mapping.maps, layers, strict=True):
        assert trustworthiness(h, found) > 0.9 and tsne.beside_their_own(found, T) == 1
    assert mapping.left() == 0
    ended(bad)
    assert bad.problem == "t-SNE needs at least 10 samples, these are 9" and bad.maps == []


def test_the_process_begins_at_once():
    """Without torch, whose import takes longer than a map."""
    look = "import sys, dfa_lab.inspect.tsne; print(sorted({'torch', 'sklearn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="only Linux ends processes for their memory")
def test_a_system_without_memory_ends_the_process_and_not_the_server():
    mapping = Mapping([np.random.RandomState(0).normal(size=(2000, 50))] * 3, np.zeros(2000, int))
    until(lambda: Path(f"/proc/{mapping.process.pid}/oom_score_adj").read_text() == "1000\n", "it has begun")
    mapping.process.kill()  # as the system would
    ended(mapping)
    assert mapping.problem == KILLED and int(Path("/proc/self/oom_score_adj").read_text()) < 1000


def test_cancel_leaves_no_process():
    mapping = Mapping([np.random.RandomState(0).normal(size=(2000, 50))] * 3, np.zeros(2000, int))
    time.sleep(0.1)
    mapping.cancel()
    assert not mapping.running and mapping.problem == "" and mapping.maps == []
    with pytest.raises(ProcessLookupError):
        os.kill(mapping.process.pid, 0)
