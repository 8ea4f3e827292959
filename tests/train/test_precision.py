"""Shorter numbers: nearly the same gradients, weights that stay in 32 bits."""

import pytest
import torch

from dfa_lab.measure.angles import angle
from dfa_lab.settings.parsing import parse
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.fleet import Fleet

CONV = {"network": "conv", "conv_channels": "4,5", "conv_hidden": "12", "dataset": "mnist"}


def gradients(rule: str, precision: str, settings: dict) -> list[torch.Tensor]:
    """Of the first step, and that the optimiser was given them in 32 bits."""
    experiment = parse({"num_hidden": 40, "rules": rule, "precision": precision, **settings})
    shape = (1, 14, 14) if "network" in settings else (30,)
    run = Run(experiment, rule, 3, shape, 5, torch.device("cpu"), torch.float32)
    stream = torch.Generator().manual_seed(1)
    x, t = torch.randn(64, *shape, generator=stream), torch.randint(5, (64,), generator=stream)
    run.step(x, t, 0)
    assert {p.dtype for p in run.network.parameters()} == {torch.float32}
    found = [p.grad.clone() for p in run.network.parameters() if p.grad is not None]
    assert {g.dtype for g in found} == {torch.float32}
    return found


@pytest.mark.parametrize("settings", [{}, CONV, {"batchnorm": 1}, {"eps": 0.1}, {"criterion": "ce", "nonlin": "relu"}])
@pytest.mark.parametrize("rule", ["bp", "fa", "dfa", "shallow"])
def test_bf16_is_close_to_float32_and_not_the_same(rule: str, settings: dict) -> None:
    short, full = gradients(rule, "bf16", settings), gradients(rule, "float32", settings)
    assert len(short) == len(full)
    joined = [torch.cat([g.flatten() for g in one]) for one in (short, full)]
    assert 0.01 < float(angle(*joined)) < (20 if "eps" in settings else 3)  # a rounded input gradient has other signs


@pytest.mark.parametrize("settings", [{}, CONV, {"batchnorm": 1}, {"dropout": 1}, {"bias": 0}], ids=str)
def test_bf16_by_hand_is_that_of_autocast(settings: dict) -> None:
    """Every run's first step with plain descent, all together and alone; and it is not float32 under another name."""
    shape = (1, 14, 14) if "network" in settings else (30,)
    stream = torch.Generator().manual_seed(1)
    x, t = torch.randn(64, *shape, generator=stream), torch.randint(5, (64,), generator=stream)

    def moved(how: str, precision: str = "bf16") -> list[torch.Tensor]:
        given = {"num_hidden": 40, "rules": "bp,fa,dfa", "optimizer": "sgd", "learning_rate": 1.0, "precision": precision}
        experiment = parse({**given, **settings})
        runs = [Run(experiment, rule, 3, shape, 5, torch.device("cpu"), torch.float32) for rule in experiment.rules]
        before = [torch.cat([p.detach().flatten() for p in run.network.parameters()]) for run in runs]
        for some in [runs] if how == "together" else [[run] for run in runs]:
            if how == "autograd":
                some[0].step(x, t, 0)
            else:
                Fleet(some).step({3: (x, t)}, 0)
        assert {p.dtype for run in runs for p in run.network.parameters()} == {torch.float32}
        after = [torch.cat([p.detach().flatten() for p in run.network.parameters()]) for run in runs]
        return [now - then for now, then in zip(after, before, strict=True)]

    wanted, full = moved("autograd"), moved("autograd", "float32")
    for how in ("together", "alone"):
        for own, autocast, exact in zip(moved(how), wanted, full, strict=True):
            assert float(angle(own, autocast)) < 0.5 * float(angle(own, exact)) < 1
            assert float(own.norm() / autocast.norm()) == pytest.approx(1, abs=0.01)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU that torch can use")
def test_tf32_rounds_on_the_gpu_and_float32_does_not() -> None:
    from dfa_lab.machine.device import shorten_products

    stream = torch.Generator().manual_seed(1)
    a, b = (torch.randn(512, 512, generator=stream) for _ in range(2))
    errors = []
    for shorter in (False, True):
        shorten_products(shorter)
        errors.append(float(((a.cuda() @ b.cuda()).cpu() - (a.double() @ b.double()).float()).abs().max()))
    shorten_products(False)
    assert errors[0] < 1e-3 < errors[1]
