"""Optimisers against their formulas, one parameter, three steps of a constant-free gradient."""

from math import sqrt

import pytest
import torch
from torch import nn

from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.parsing import parse
from dfa_lab.train.optimizers import optimizer

NAMES: list[str] = extra(Experiment.model_fields["optimizer"])["choices"]
GRADIENTS = (0.3, -0.2, 0.5)


def path(name: str, **settings: object) -> list[float]:
    """Of θ from 1 under GRADIENTS."""
    p, apart = (nn.Parameter(torch.ones(shape, dtype=torch.float64)) for shape in ((1,), (2, 2)))
    one = optimizer(parse({"optimizer": name, "learning_rate": 0.1, **settings}), [p, apart], [apart])
    found = []
    for g in GRADIENTS:
        p.grad = torch.full_like(p, g)
        one.step()
        found.append(p.item())
    return found


def by_hand(name: str, decay: float = 0.0, mu: float = 0.9) -> list[float]:
    θ, m, v, found, lr = 1.0, 0.0, 0.0, [], 0.1
    ahead = 1.0  # nadam: the product of its momenta
    for t, g in enumerate(GRADIENTS, start=1):
        if name in ("adamw", "muon"):
            θ -= lr * decay * θ
        else:
            g += decay * θ
        match name:
            case "sgd":  # dampening = momentum, the first step undamped
                m = g if t == 1 else mu * m + (1 - mu) * g
                θ -= lr * m
            case "nag":
                m = mu * m + g
                θ -= lr * (g + mu * m)
            case "rmsprop":
                v = 0.99 * v + 0.01 * g * g
                θ -= lr * g / (sqrt(v) + 1e-8)
            case "adam" | "adamw" | "muon":  # of what is no matrix
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                θ -= lr * (m / (1 - 0.9**t)) / (sqrt(v / (1 - 0.999**t)) + 1e-8)
            case "nadam":
                now, later = (0.9 * (1 - 0.5 * 0.96 ** (step * 0.004)) for step in (t, t + 1))
                ahead *= now
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                forward = later * m / (1 - ahead * later) + (1 - now) * g / (1 - ahead)
                θ -= lr * forward / (sqrt(v / (1 - 0.999**t)) + 1e-8)
            case "adagrad":
                v += g * g
                θ -= lr * g / (sqrt(v) + 1e-10)
            case "adadelta":
                v = 0.9 * v + 0.1 * g * g
                change = g * sqrt(m + 1e-6) / sqrt(v + 1e-6)
                m = 0.9 * m + 0.1 * change * change
                θ -= lr * change
            case "adamax":
                m, v = 0.9 * m + 0.1 * g, max(0.999 * v, abs(g) + 1e-8)
                θ -= lr / (1 - 0.9**t) * m / v
            case "rprop":  # m: the step, v: the gradient before
                m = lr if t == 1 else m * (1.2 if v * g > 0 else 0.5 if v * g < 0 else 1)
                v = g if v * g >= 0 else 0.0  # after a change of sign a pause
                θ -= m * ((v > 0) - (v < 0))
        found.append(θ)
    return found


@pytest.mark.parametrize("name", [name for name in NAMES if name != "asgd"])
@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_by_hand(name: str, decay: float) -> None:
    settings = {"momentum": 0.9} if name in ("sgd", "nag") else {}
    assert path(name, weight_decay=decay, **settings) == pytest.approx(by_hand(name, decay), rel=1e-6)


def test_asgd_takes_nearly_the_steps_of_sgd() -> None:
    assert path("asgd") == pytest.approx(path("sgd"), rel=1e-3)
    assert path("asgd", weight_decay=0.5) != pytest.approx(path("asgd"), rel=1e-2)


@pytest.mark.parametrize(("name", "rate"), [("adadelta", 1.0), ("rprop", 0.1), ("asgd", 1e-4)])
def test_torch7_gives_some_their_own_rate(make_run, name: str, rate: float) -> None:
    for given in (0.01, 0.5):
        run, _, _ = make_run("dfa", optimizer=name, learning_rate=given, epoch_step=1, exact=True)
        run.schedule.after_epoch(1, 1.0)
        run.set_rate(7)
        assert run.optimizer.param_groups[0]["lr"] == rate
    run, _, _ = make_run("dfa", optimizer=name, learning_rate=0.5)
    assert run.optimizer.param_groups[0]["lr"] == 0.5


def test_all_differ() -> None:
    paths = {name: tuple(path(name, momentum=0.5 if name == "nag" else 0, weight_decay=0.05)) for name in NAMES}
    assert paths.pop("muon") == paths["adamw"]  # its matrices are below
    assert len(set(paths.values())) == len(paths)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3)])
def test_muon_makes_of_a_matrix_what_singular_values_say(shape: tuple[int, int]) -> None:
    """Five times a polynomial of its singular values, which brings all of them near 1, and leaves its singular vectors."""
    stream = torch.Generator().manual_seed(0)
    W, b = nn.Parameter(torch.randn(shape, generator=stream)), nn.Parameter(torch.zeros(shape[0]))
    one = optimizer(parse({"optimizer": "muon", "learning_rate": 0.1, "weight_decay": 0.5}), [W, b], [W])
    G, before = torch.randn(shape, generator=stream), W.detach().clone()
    W.grad = G.clone()
    one.step()
    U, values, Vh = torch.linalg.svd(G, full_matrices=False)
    values = values / values.norm()
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    assert ((values > 0.65) & (values < 1.25)).all()
    wanted = before * (1 - 0.1 * 0.5) - 0.1 * 0.2 * sqrt(7) * U @ torch.diag(values) @ Vh
    torch.testing.assert_close(W.detach(), wanted, rtol=0, atol=1e-6)  # in 32 bits; in 16 the step is 1 % off
    assert (b == 0).all()  # it had no gradient


def test_muon_is_torchs_for_hidden_matrices_and_adamw_for_the_rest(make_run) -> None:
    run, x, t = make_run("bp", optimizer="muon", weight_decay=0.1, learning_rate=0.02, batchnorm=1, num_layers=3)
    twin, _, _ = make_run("bp", optimizer="muon", batchnorm=1, num_layers=3)
    hidden = [block.get_parameter(f"{place}.weight") for block, place in zip(twin.network.blocks, (1, 0, 0), strict=True)]
    others = [p for p in twin.network.parameters() if p.dim() < 2] + [twin.network.readout.weight]
    oracle = (
        torch.optim.Muon(hidden, lr=0.02, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=0.02, weight_decay=0.1),
    )
    for _ in range(3):
        run.step(x, t)
        twin.network.zero_grad()
        hs, y = twin._forward(x, 0, "clean")
        twin._backward(hs, y, t)
        for one in oracle:
            one.step()
    for mine, theirs in zip(run.network.parameters(), twin.network.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0.02, atol=2e-3)  # a rate of 0.02; torch's steps are of 16 bits


def test_muon_has_no_work_without_a_matrix() -> None:
    with pytest.raises(ValueError, match="empty"):
        optimizer(parse({"optimizer": "muon"}), [nn.Parameter(torch.ones(2))])


@pytest.mark.parametrize("name", ["adamw", "nadam", "muon"])
def test_exact_refuses_what_dfa_torch_does_not_know(name: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse({"exact": True, "optimizer": name})
    wanted = f"optimizer (--optimization) is {name}: give another one with exact (--exact): dfa-torch does not know it."
    assert raised.value.problems == [wanted]


@pytest.mark.parametrize(("name", "eps"), [*((name, 0.1) for name in NAMES), ("adamw", 0), ("nadam", 0), ("muon", 0)])
def test_every_one_is_resumed_bit_for_bit(name: str, eps: float) -> None:
    """Through autograd, where a batch is moved by ε, and by hand."""
    from small_data import continued, plain, small, small_set

    from dfa_lab.train.trainer import Trainer

    experiment = small(
        optimizer=name, momentum=0.9 if name == "nag" else 0, learning_rate=0.01, dropout=1, batchnorm=1, eps=eps
    )
    trainer = Trainer(experiment, small_set())
    for _ in range(9):
        next(trainer)
    resumed = continued(trainer)
    assert [plain(r) for r in resumed] == [plain(r) for r in trainer]
    ends = resumed.state()[0], trainer.state()[0]
    assert ends[0].keys() == ends[1].keys() and all(torch.equal(ends[0][key], ends[1][key]) for key in ends[0])


@pytest.mark.parametrize("name", ["nadam", "asgd", "muon"])
def test_in_float64_numbers_keep_their_own_type(name: str) -> None:
    from small_data import continued, small, small_set

    from dfa_lab.train.trainer import Trainer

    trainer = Trainer(small(optimizer=name, rules="bp"), small_set(), torch.float64)
    for _ in range(9):
        next(trainer)
    resumed = continued(trainer)
    for _ in range(9):
        next(trainer)
        next(resumed)
    mine, theirs = trainer.state()[0], resumed.state()[0]
    assert [tensor.dtype for tensor in mine.values()] == [theirs[name].dtype for name in mine]
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in mine.items())


def test_sgd_without_dampening() -> None:
    θ, v, found = 1.0, 0.0, []
    for g in GRADIENTS:
        v = 0.9 * v + g
        θ -= 0.1 * v
        found.append(θ)
    assert path("sgd", momentum=0.9, dampening=False) == pytest.approx(found, rel=1e-12)
    assert path("sgd", momentum=0.0, dampening=False) == path("sgd", momentum=0.0)
    assert path("nag", momentum=0.9, dampening=False) == path("nag", momentum=0.9)
