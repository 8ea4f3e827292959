"""Scales of the feedback: factors of its spread, for each hidden block."""

from pathlib import Path

import pytest
import torch
from torch import nn

from dfa_lab.feedback.changing import Change
from dfa_lab.networks import own_file
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import describe, parse
from dfa_lab.settings.rule_settings import DISTRIBUTIONS
from dfa_lab.train.preflight import check
from dfa_lab.train.run import Run

FACTORS = (0.5, 4.0, 2.0)  # powers of two: they round nothing


def run(rule: str, **settings: object) -> Run:
    given = {"num_layers": 3, "num_hidden": 6, "seeds": 3, "optimizer": "sgd", "learning_rate": 0.1, **settings}
    return Run(parse(given), rule, 3, (8,), 4, torch.device("cpu"), torch.float64)


def matrices(one: Run) -> dict[int, torch.Tensor]:
    return {block: B.clone() for block, B in one.rule.matrices(one.network).items()}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize("rule", ["fa", "dfa"])
@pytest.mark.parametrize("given", [FACTORS, (0.25,)], ids=["each", "all"])
def test_each_block_receives_through_its_own(rule: str, distribution: str, given: tuple[float, ...]) -> None:
    plain = matrices(run(rule, feedback_distribution=distribution))
    scaled = matrices(run(rule, feedback_distribution=distribution, feedback_scales=given))
    assert plain.keys() == scaled.keys() == {1, 2, 3}
    for block, B in plain.items():
        torch.testing.assert_close(scaled[block], B * (given * 3)[block - 1], rtol=1e-6, atol=0)


def test_both_rules_have_one_matrix_at_the_last_block() -> None:
    fa, dfa = (matrices(run(rule, num_layers=1, feedback_scales=3)) for rule in ("fa", "dfa"))
    assert torch.equal(fa[1], dfa[1])


def test_a_step_of_dfa_is_that_of_the_scaled_matrices() -> None:
    """Against torch alone: bce's error through factors times the unscaled matrices, and plain gradient descent."""
    trained, plain = run("dfa", feedback_scales=FACTORS), matrices(run("dfa"))
    layers = [(p.detach().clone(), b.detach().clone()) for p, b in zip(*[iter(trained.network.parameters())] * 2, strict=True)]
    x, t = torch.randn(5, 8, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 0])
    trained.step(x, t)
    hs = [x]
    for W, b in layers[:-1]:
        hs.append(torch.tanh(hs[-1] @ W.T + b))
    e = (torch.sigmoid(hs[-1] @ layers[-1][0].T + layers[-1][1]) - nn.functional.one_hot(t, 4)) / 5
    for block, (W, b) in enumerate(layers, start=1):
        delta = e if block == 4 else (e @ plain[block]) * FACTORS[block - 1] * (1 - hs[block] ** 2)
        now = list(trained.network.parameters())[2 * block - 2 : 2 * block]
        torch.testing.assert_close(now[0].detach(), W - 0.1 * delta.T @ hs[block - 1], rtol=1e-12, atol=1e-14)
        torch.testing.assert_close(now[1].detach(), b - 0.1 * delta.sum(0), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("rule", ["fa", "dfa"])
def test_what_is_drawn_anew_is_as_wide(rule: str) -> None:
    plain, scaled = run(rule), run(rule, feedback_scales=FACTORS)
    before = matrices(scaled)
    for one in (plain, scaled):
        assert one.change_feedback(Change("redraw", 2), again=1)
    assert not torch.equal(matrices(scaled)[2], before[2]) and torch.equal(matrices(scaled)[1], before[1])
    torch.testing.assert_close(matrices(scaled)[2], matrices(plain)[2] * 4, rtol=1e-6, atol=0)


def test_as_many_as_there_are_blocks(tmp_path: Path) -> None:
    for given in ("2", "1,2", "0.5,1e3"):
        check(parse({"num_layers": 2, "feedback_scales": given}))
    with pytest.raises(SettingsError) as refused:
        check(parse({"num_layers": 3, "feedback_scales": "1,2"}))
    assert refused.value.problems == [
        "feedback_scales (--feedback_scales) is '1.0,2.0': give one number, or 3, one for each hidden block of the network."
    ]
    own_file.permit()  # the page, which other tests import, forbids it
    (tmp_path / "two.py").write_text(
        "from torch.nn import Flatten, Linear, Sequential, Tanh\n\n\ndef blocks(experiment, shape):\n"
        "    return [Sequential(Flatten(), Linear(64, 5), Tanh()), Sequential(Linear(5, 4), Tanh())]\n"
    )
    own = {"network": "two.py", "models_folder": str(tmp_path)}
    check(parse({**own, "feedback_scales": "1,2"}))
    with pytest.raises(SettingsError, match=r"give one number, or 2, one for each hidden block"):
        check(parse({**own, "feedback_scales": "1,2,3"}))


@pytest.mark.parametrize("given", ["", "0", "-1", "1,0", "nan", "1001", "one"])
def test_a_factor_is_a_positive_number(given: str) -> None:
    with pytest.raises(SettingsError, match=r"^feedback_scales \(--feedback_scales\) is .*: give numbers above 0 and at most"):
        parse({"feedback_scales": given})


def test_dfa_torch_knows_none() -> None:
    with pytest.raises(SettingsError, match=r"feedback_scales \(--feedback_scales\) is 1,2: give 1 with exact"):
        parse({"feedback_scales": "1,2", "exact": True})


def test_it_is_said() -> None:
    assert "feedback × (0.5, 2)" in describe(parse({"feedback_scales": "0.5,2"}))
    assert "feedback × 3" in describe(parse({"feedback_scales": 3})) and "feedback" not in describe(parse({}))
