"""The band around 90°, against simulations that know nothing of its formula."""

import numpy as np
import pytest
import torch

from dfa_lab import measure
from dfa_lab.measure.kinds.chance import spread
from dfa_lab.measure.likeness import mean_cosine
from dfa_lab.measure.seen import Probed
from dfa_lab.measure.separation import agreement, of_signals
from dfa_lab.train.autograd.probe import alignment, probe
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.probe_fleet import probe_fleet
from dfa_lab.train.trainer import Trainer
from tests.train.small_data import small, small_set

DRAWS = 4000  # of B: a standard deviation is then known to 1.1 %


def mean_angles(e: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """(DRAWS,) mean angles between e B and delta (N, n), in degrees, of the samples of e (N, C), for other normal B."""
    stream = np.random.default_rng(2)
    v = delta / np.linalg.norm(delta, axis=1, keepdims=True)
    means = []
    for _ in range(DRAWS):
        sent = e @ stream.standard_normal((e.shape[1], delta.shape[1]))
        cosine = (sent * v).sum(1) / np.linalg.norm(sent, axis=1)
        means.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean())
    return np.array(means)


def found(e: np.ndarray, delta: np.ndarray) -> float:
    """The mean over a few B of what the measure says: under each B samples are alike in another way."""
    n, values = delta.shape[1], []
    for seed in range(100):
        sent = torch.tensor(e @ np.random.default_rng(seed).standard_normal((e.shape[1], n)))[None]
        true = torch.tensor(delta)[None]
        seen = Probed(1, hidden=[true], signals=[of_signals(sent, true)], alike=[agreement(sent, true)])
        values.append(measure.found(measure.chosen(["chance"]), seen).values[0].item())
    return float(np.sqrt(np.mean(np.square(values))))


def found_of_one(e: np.ndarray, delta: np.ndarray, seed: int) -> float:
    """What the measure says where it knows what B is multiplied with: of a single B."""
    source, true = torch.tensor(e)[None], torch.tensor(delta)[None]
    sent = torch.tensor(e @ np.random.default_rng(seed).standard_normal((e.shape[1], delta.shape[1])))[None]
    seen = Probed(1, hidden=[true], signals=[of_signals(sent, true)], alike=[agreement(sent, true, source)])
    return measure.found(measure.chosen(["chance"]), seen).values[0].item()


@pytest.mark.parametrize(("n", "known"), [(1, 90.0), (2, 180 / 12**0.5), (10, 19.06), (100, 5.76), (800, 2.03)])
def test_the_law_of_one_angle(n: int, known: float) -> None:
    assert spread(n) == pytest.approx(known, abs=0.006)
    v = np.random.default_rng(1).standard_normal((20_000, n))
    assert np.degrees(np.arccos(v[:, 0] / np.linalg.norm(v, axis=1))).std() == pytest.approx(spread(n), rel=0.02)


def test_the_shorter_formula_of_the_docs_holds_from_ten_entries_on() -> None:
    """57.3°/√(entries), which is a radian in degrees, for the angle of B and what it stands in for."""
    far = {n: abs(57.3 / n**0.5 / spread(n) - 1) for n in (3, 9, 10, 100, 10_000)}
    assert far[10] < 0.05 < far[9] < far[3] and far[100] < 0.006 and far[10_000] < 0.001


@pytest.mark.parametrize("n", [2, 3, 10, 100])
@pytest.mark.parametrize("kind", ["one", "alike", "apart", "classes"])
def test_the_band_is_that_of_the_mean_that_is_drawn(n: int, kind: str) -> None:
    stream = np.random.default_rng(0)
    N, C = (1 if kind == "one" else 60), 10
    e = stream.standard_normal((N, C))
    delta = stream.standard_normal((N, n))
    if kind == "alike":  # as with two classes
        e, delta = np.outer(stream.choice([-1, 1], N), e[0]), np.outer(stream.choice([-1, 1], N), delta[0])
        delta *= np.sign((e @ e[0]) * (delta @ delta[0]))[:, None]
    if kind == "classes":  # bce before the first step, where the true gradient is e W
        e = 0.5 + 0.05 * e - np.eye(C)[stream.integers(C, size=N)]
        delta = e @ stream.standard_normal((C, n)) * (0.7 + 0.3 * stream.random((N, n)))
    means = mean_angles(e, delta)
    assert means.mean() == pytest.approx(90, abs=4 * means.std() / DRAWS**0.5)
    assert found(e, delta) == pytest.approx(means.std(), rel=0.06)
    for seed in range(5):
        assert found_of_one(e, delta, seed) == pytest.approx(means.std(), rel=0.06)
    if kind in ("one", "alike"):
        assert found_of_one(e, delta, 0) == pytest.approx(spread(n), rel=1e-6)
        assert found(e, delta) == pytest.approx(spread(n), rel=1e-6)
    else:
        assert found(e, delta) < 0.8 * spread(n)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 300])
def test_how_alike_the_images_of_two_vectors_are(n: int) -> None:
    stream = np.random.default_rng(3)
    for r in (-1.0, -0.6, 0.0, 0.3, 0.95, 1.0):
        a, b = stream.standard_normal((2, 20_000, n))
        b = r * a + np.sqrt(1 - r * r) * b
        cosines = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
        value = float(mean_cosine(torch.tensor([r], dtype=torch.float64), n))
        assert value == pytest.approx(cosines.mean(), abs=4 * cosines.std() / 20_000**0.5 + 1e-9)


@pytest.mark.parametrize("rule", ["fa", "dfa"])
def test_the_band_of_a_run_is_that_of_any_b(make_run, rule: str) -> None:
    """Of two units, where it once depended on the B that was drawn."""
    run, x, t = make_run(rule, num_hidden=2, num_layers=1, samples=40)
    run.network.mode(training=False)
    wanted = probe(run.rule, run.network, run.criterion, x, t, ["angles", "chance"])["signal_angle_chance", 1]
    (B,), angles = run.rule.matrices(run.network).values(), []
    for seed in range(80):
        B.copy_(torch.randn(B.shape, generator=torch.Generator().manual_seed(seed), dtype=B.dtype))
        found = probe(run.rule, run.network, run.criterion, x, t, ["angles", *(["chance"] if seed < 4 else [])])
        assert found.get(("signal_angle_chance", 1), wanted) == pytest.approx(wanted, rel=1e-9)
        angles.append(found["signal_angle", 1])
    assert wanted == pytest.approx(np.std(angles), rel=0.25), "80 draws know it to 8 %"


def test_many_samples_are_compared_in_portions() -> None:
    sent, true, source = torch.randn(3, 1, 1100, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    u, v, s = (w[0] / w[0].norm(dim=-1, keepdim=True) for w in (sent, true, source))
    for known, one in ((None, u @ u.T), (source, mean_cosine(s @ s.T, 4))):
        torch.testing.assert_close(agreement(sent, true, known)[0], (one * (v @ v.T)).mean().sqrt())


def test_samples_without_an_angle_do_not_count() -> None:
    sent, true = torch.randn(2, 1, 9, 6, generator=torch.Generator().manual_seed(1))
    wanted = agreement(sent[:, 3:], true[:, 3:])
    sent[0, 0], true[0, 1], sent[0, 2] = 0, 0, torch.inf
    torch.testing.assert_close(agreement(sent, true), wanted)
    assert agreement(sent[:, :3], true[:, :3]).isnan()
    torch.testing.assert_close(agreement(sent * 1e-30, true * 1e25), wanted)


@pytest.mark.parametrize("settings", [{}, {"nonlin": "relu", "criterion": "ce"}, {"init": "paper"}])
def test_both_engines_find_it(make_run, settings: dict) -> None:
    made = {rule: make_run(rule, num_layers=3, **settings) for rule in ("bp", "fa", "dfa")}
    _, x, t = made["bp"]
    runs = [run for run, _, _ in made.values()]
    for run in runs:
        run.network.mode(training=False)
    by_hand = {id(run): values for run, values in probe_fleet(Fleet(runs), {3: (x, t)}, ["angles", "chance"])}
    for rule, (run, _, _) in made.items():
        wanted = probe(run.rule, run.network, run.criterion, x, t, ["angles", "chance"])
        names = [name for name in wanted if name[0] == "signal_angle_chance"]
        assert names == ([] if rule == "bp" else [("signal_angle_chance", block) for block in (1, 2, 3)])
        for name in names:
            if wanted[name] is None:
                assert by_hand[id(run)][name] is None
            else:
                assert by_hand[id(run)][name] == pytest.approx(wanted[name], rel=1e-9)
            assert (wanted[name] is None) is (settings == {"init": "paper"})
        if names:
            chance = alignment(run.rule, run.network, run.criterion, x, t).chance
            assert list(chance.values()) == [wanted[name] for name in names]
        assert by_hand[id(run)].keys() == wanted.keys()


@pytest.mark.parametrize("measures", ["angles", "angles,update", "units"])
def test_it_is_measured_once_with_the_angles(measures: str) -> None:
    trainer = Trainer(small(rules="dfa", measures=measures), small_set())
    steps = [record.step for records in trainer for record in records if record.metric == "signal_angle_chance"]
    assert steps == ([0] * len(trainer.units) if "angles" in measures else [])
