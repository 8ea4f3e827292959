"""Feedback has the distribution that the settings ask for, the seed's numbers, and teaches whichever it is."""

from functools import cache
from math import sqrt
from typing import Any

import pytest
import torch
from torch import Tensor

from dfa_lab.data import DataSet, load
from dfa_lab.feedback.distributions import draw, half_width
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.rule_settings import DISTRIBUTIONS
from dfa_lab.train.trainer import Trainer

WIDE, SQUARE, TALL, KERNEL = (10, 400), (120, 120), (300, 40), (24, 8, 5, 5)


def drawn(shape: tuple[int, ...], seed: int = 3, number: int = 1, bound: float = 0.3, again: int = 0, **settings: Any):
    return draw(parse(settings), seed, number, shape, bound, again)


def rows(B: Tensor) -> Tensor:
    return B.flatten(1).double()


@pytest.mark.parametrize("shape", [WIDE, SQUARE, TALL, KERNEL, (1, 1), (3, 2000)])
def test_the_default_is_bit_for_bit_what_it_was(shape: tuple[int, ...]) -> None:
    old = torch.empty(shape).uniform_(-0.3, 0.3, generator=generator(3, "feedback", 1))
    assert torch.equal(drawn(shape), old)


@pytest.mark.parametrize("shape", [WIDE, SQUARE, TALL, KERNEL])
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_all_are_as_wide_as_the_uniform_one(distribution: str, shape: tuple[int, ...]) -> None:
    more: dict[str, Any] = {"feedback_rank": 10} if distribution == "low_rank" else {}
    B = drawn(shape, feedback_distribution=distribution, **more)
    assert B.shape == shape and B.dtype == torch.float32 and B.is_contiguous()
    loose = distribution in ("low_rank", "sparse")
    assert float(B.square().mean().sqrt()) == pytest.approx(0.3 / sqrt(3), rel=0.2 if loose else 0.04)
    assert abs(float(B.mean())) < 0.02


def test_normal_and_uniform_differ_in_their_tails() -> None:
    scaled = {name: drawn(SQUARE, feedback_distribution=name) / 0.3 for name in ("normal", "uniform")}
    assert float(scaled["uniform"].abs().max()) <= 1 < float(scaled["normal"].abs().max())
    kurtosis = {name: float(x.pow(4).mean() / x.square().mean() ** 2) for name, x in scaled.items()}
    assert kurtosis["normal"] == pytest.approx(3, abs=0.2) and kurtosis["uniform"] == pytest.approx(1.8, abs=0.1)


@pytest.mark.parametrize("shape", [WIDE, SQUARE, TALL, KERNEL])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    B = rows(drawn(shape, feedback_distribution="orthogonal"))
    short = B if len(B) <= B.shape[1] else B.T
    wanted = torch.eye(len(short)).double() * 0.3**2 / 3 * short.shape[1]
    torch.testing.assert_close(short @ short.T, wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("density", [0.05, 0.5, 1.0])
def test_sparse(density: float) -> None:
    B = drawn((100, 400), feedback_distribution="sparse", feedback_density=density)
    assert float(B.ne(0).double().mean()) == pytest.approx(density, rel=0.05)
    assert float(B[B != 0].std()) == pytest.approx(0.3 / sqrt(3 * density), rel=0.05)


@pytest.mark.parametrize("rank", [1, 3, 50])
@pytest.mark.parametrize("shape", [WIDE, SQUARE, KERNEL])
def test_low_rank(shape: tuple[int, ...], rank: int) -> None:
    B = rows(drawn(shape, feedback_distribution="low_rank", feedback_rank=rank))
    assert int(torch.linalg.matrix_rank(B, rtol=1e-5)) == min(rank, *B.shape)


def test_signs() -> None:
    B = drawn(SQUARE, feedback_distribution="signs")
    assert B.abs().unique().tolist() == pytest.approx([0.3 / sqrt(3)])
    assert float(B.sign().mean()) == pytest.approx(0, abs=0.03)


def test_shared_blocks_have_the_first_columns_of_one_matrix() -> None:
    large = drawn((10, 3000), number=1, feedback_distribution="shared")
    for columns in (1, 64, 1024, 1025, 2999):
        small = drawn((10, columns), number=2, feedback_distribution="shared")
        assert torch.equal(small, large[:, :columns])
    assert torch.equal(drawn((4, 70), number=5, feedback_distribution="shared"), large[:4, :70])
    torch.testing.assert_close(drawn((10, 70), bound=0.6, feedback_distribution="shared"), 2 * large[:, :70])
    assert not torch.equal(large[:, :1024], large[:, 1024:2048]) and not torch.equal(large[0], large[1])
    deep = Trainer(parse({**QUICK, "rules": "dfa", "num_layers": 3, "feedback_distribution": "shared"}), data())
    first, second, third = deep.runs[0].rule.matrices(deep.runs[0].network).values()
    assert torch.equal(first, second) and torch.equal(second, third)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_seeds(distribution: str) -> None:
    given: dict[str, Any] = {"feedback_distribution": distribution}
    first = drawn(SQUARE, **given)
    assert torch.equal(first, drawn(SQUARE, **given))
    assert not torch.equal(first, drawn(SQUARE, seed=4, **given))
    assert torch.equal(first, drawn(SQUARE, number=2, **given)) == (distribution == "shared")
    assert torch.equal(first, drawn(SQUARE, seed=9, feedback_seed=3, **given))
    assert not torch.equal(first, drawn(SQUARE, feedback_seed=0, **given))
    again = [drawn(SQUARE, again=n, **given) for n in (0, 1, 1, 2)]
    assert torch.equal(again[1], again[2])
    assert not torch.equal(again[0], again[1]) and not torch.equal(again[1], again[3])


QUICK: dict[str, object] = {"num_hidden": 12, "batch_size": 64, "probe_size": 8, "device": "cpu", "epochs": 1}


@cache
def data() -> DataSet:
    return load(parse({"dataset": "digits"}), torch.device("cpu"))


def test_a_feedback_seed_fixes_the_feedback_and_nothing_else() -> None:
    runs = Trainer(parse({**QUICK, "rules": "fa,dfa", "seeds": "0,1", "feedback_seed": 7}), data()).runs
    matrices = [[*run.rule.matrices(run.network).values()] for run in runs]
    assert all(map(torch.equal, matrices[0], matrices[2])) and all(map(torch.equal, matrices[1], matrices[3]))
    assert not torch.equal(runs[0].network.readout.weight, runs[2].network.readout.weight)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_with_one_hidden_layer_fa_and_dfa_stay_the_same_rule(distribution: str) -> None:
    given = {**QUICK, "rules": "fa,dfa", "num_layers": 1, "feedback_distribution": distribution}
    fa, dfa = Trainer(parse(given), data()).runs
    assert torch.equal(fa.rule.matrices(fa.network)[1], dfa.rule.matrices(dfa.network)[1])


def test_half_width_is_that_of_the_rules(make_run) -> None:
    for rule in ("fa", "dfa"):
        run, _, _ = make_run(rule, num_layers=2)
        for number, B in run.rule.matrices(run.network).items():
            shape = tuple(B.shape)
            again = draw(run.experiment, run.seed, number, shape, half_width(shape, 0.0))
            assert torch.equal(B, again.double())


def learned(**settings: object) -> dict[str, float]:
    """Test error of every rule after a few epochs of deep digits."""
    given = {"rules": "dfa", "num_layers": 2, "num_hidden": 60, "epochs": 6, "device": "cpu", "measure_every": 10**6}
    experiment = parse(given | settings)
    last = [r for due in Trainer(experiment, data()) for r in due if r.metric == "test_error"]
    return {experiment.rules[r.run]: r.value for r in last if r.value is not None}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_dfa_teaches_its_hidden_layers_with_every_distribution(distribution: str) -> None:
    longer: dict[str, Any] = {"epochs": 20, "num_hidden": 100} if distribution == "low_rank" else {}
    error, control = learned(feedback_distribution=distribution, **longer)["dfa"], _control(**longer)
    print(distribution, error, control)
    assert error < control - 0.02


@cache
def _control(**longer: int) -> float:
    return learned(rules="shallow", **longer)["shallow"]


def test_the_choices_are_those_that_can_be_drawn() -> None:
    seen = {name: drawn(SQUARE, feedback_distribution=name) for name in DISTRIBUTIONS}
    for name in DISTRIBUTIONS[1:]:
        assert not torch.equal(seen[name], seen["uniform"])
    assert Experiment().feedback_distribution == DISTRIBUTIONS[0]
