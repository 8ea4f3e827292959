"""How far torch7's adam is from torch's: the figures of docs/dfa-torch.md, from both on the same training."""

from math import sqrt

import pytest
import torch
from torch import Tensor, nn

from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer

RATE, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8


class Torch7Adam(torch.optim.Optimizer):
    """optim.adam of torch7: ε is added to the root of the mean square before that is corrected."""

    def __init__(self, parameters: list[nn.Parameter]):
        super().__init__(parameters, {"lr": RATE})

    @torch.no_grad()
    def step(self, closure=None):  # pyright: ignore[reportIncompatibleMethodOverride]
        for p in self.param_groups[0]["params"]:
            kept = self.state[p] or self.state.setdefault(p, {})
            t = kept["t"] = kept.get("t", 0) + 1
            m = kept["m"] = BETA1 * kept.get("m", 0.0) + (1 - BETA1) * p.grad
            v = kept["v"] = BETA2 * kept.get("v", 0.0) + (1 - BETA2) * p.grad**2
            p.sub_(RATE * sqrt(1 - BETA2**t) / (1 - BETA1**t) * m / (v.sqrt() + EPS))


def weights(torch7: bool, nonlin: str) -> list[list[Tensor]]:
    """Those that bp and dfa have on digits, at first, after one step and after a hundred."""
    settings = {"rules": "bp,dfa", "optimizer": "adam", "learning_rate": RATE, "epochs": 5, "nonlin": nonlin, "device": "cpu"}
    trainer = Trainer(parse(settings), dtype=torch.float64, by_hand=False)
    trainer.quiet = True
    if torch7:
        for run in trainer.runs:
            run.optimizer = Torch7Adam(list(run.network.parameters()))
    found = []
    for steps in (0, 1, 100):
        while trainer.step < steps:
            next(trainer)
        found.append([nn.utils.parameters_to_vector(run.network.parameters()).detach().clone() for run in trainer.runs])
    return found


@pytest.mark.parametrize("nonlin", ["tanh", "relu"])
def test_the_figures_of_the_docs(nonlin: str) -> None:
    ours, theirs = weights(False, nonlin), weights(True, nonlin)
    for run in (0, 1):
        step = ours[1][run] - ours[0][run]
        less = ((step - (theirs[1][run] - ours[0][run])) / step)[step != 0]
        assert 0.00035 < less.mean() < 0.0035 and less.min() > -1e-6 and less.max() > 0.5  # as rounded there
        apart = (ours[2][run] - theirs[2][run]).norm() / ours[2][run].norm()
        assert 0.00035 < apart < 0.0055


@pytest.mark.parametrize("g", [1e-8, 3e-7, 1e-3])
def test_the_first_step_by_the_formula(g: float) -> None:
    """ε counts 1/√(1 - 0.999) = 31.6 times."""
    p = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    p.grad = torch.full_like(p, g)
    Torch7Adam([p]).step()
    assert p.item() == pytest.approx(-RATE * g / (g + EPS * 31.6228), rel=1e-6)
