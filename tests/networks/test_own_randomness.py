"""What a network of one's own draws at random repeats: from one run of a seed to the next, between rules, after a pause, in a
fork, and in what is measured. And nobody else's random numbers are moved."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from dfa_lab.networks import own_file
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.train.midway import go_on
from dfa_lab.train.preflight import check
from dfa_lab.train.trainer import Trainer
from tests.networks.own_case import Case, of

MAPS = "nn.Sequential(nn.Conv2d(1, 4, 3), nn.Tanh()), nn.Sequential({}, nn.Flatten(), nn.Linear(144, 9))"
DRAWN = {
    "Dropout": of("dense(), nn.Sequential(nn.Dropout(0.3), nn.Linear(16, 9))"),
    "Dropout2d": of(MAPS.format("nn.Dropout2d(0.5)")),
    "AlphaDropout": of("dense(), nn.Sequential(nn.AlphaDropout(0.3), nn.Linear(16, 9))"),
    "RReLU": of("dense(), nn.Sequential(nn.RReLU(), nn.Linear(16, 9))"),
    "F.dropout": of("dense(), Use(lambda s, h: s.l(F.dropout(h, 0.3, s.training)), l=nn.Linear(16, 9))"),
    "F.dropout in tests too": of("dense(), Use(lambda s, h: s.l(F.dropout(h, 0.3)), l=nn.Linear(16, 9))"),
    "StochasticDepth": of(
        "dense(), Use(lambda s, h: h + s.d(torch.tanh(s.l(h))), l=nn.Linear(16, 16), d=StochasticDepth(0.5, 'row'))",
        "from torchvision.ops import StochasticDepth",
    ),
    "randn in forward": of("dense(), Use(lambda s, h: s.l(h + 0.3 * torch.randn_like(h)), l=nn.Linear(16, 9))"),
    "numpy in forward": of(
        "dense(), Use(lambda s, h: s.l(h + torch.as_tensor(np.random.randn(*h.shape)).to(h)), l=nn.Linear(16, 9))"
    ),
    "random in forward": of("dense(), Use(lambda s, h: s.l(h * random.random()), l=nn.Linear(16, 9))"),
    "numpy in blocks": of(
        "Use(lambda s, x: torch.tanh(x.flatten(1) @ s.W), W=nn.Parameter(torch.tensor(np.random.randn(64, 9) / 8).float()))"
    ),
    "random in blocks": of("dense(random.randint(10, 10_000) % 90 + 10)"),
    "a draw on the way back": of(
        "dense(), Noisy()",
        """
        class Through(torch.autograd.Function):
            @staticmethod
            def forward(ctx, h):
                return h.clone()
            @staticmethod
            def backward(ctx, e):
                return e + 1e-3 * torch.randn_like(e)
        class Noisy(nn.Linear):
            def __init__(self):
                super().__init__(16, 9)
            def forward(self, h):
                return Through.apply(super().forward(h))
        """,
    ),
}


@pytest.fixture(autouse=True)
def permitted() -> None:
    own_file.permit()  # the page, which other tests import, forbids it


def experiment(folder: Path, case: Case, **settings: object) -> Experiment:
    (folder / "own.py").write_text(case.file)
    small = {"dataset": "digits", "epochs": 2, "batch_size": 256, "measure_every": 3, "probe_size": 16, "device": "cpu"}
    return parse({**small, "network": str(folder / "own.py"), "rules": "bp,dfa", **settings})


def records(trainer: Trainer, steps: int = 9) -> list[tuple]:
    """All but the seconds, of so many steps more; others draw meanwhile."""
    found = []
    for _ in range(steps):
        disturb()
        found += [(r.run, r.metric, r.layer, r.value, r.step) for r in next(trainer)]
    return found


def disturb() -> None:
    torch.rand(3)
    np.random.rand(3)
    random.random()


@pytest.mark.parametrize("name", DRAWN)
def test_a_run_repeats_and_goes_on_as_if_it_had_never_stopped(tmp_path: Path, name: str) -> None:
    made = experiment(tmp_path, DRAWN[name])
    whole = Trainer(made)
    wanted = records(whole)
    again = Trainer(made)
    disturb()
    assert records(again, 4) + records(again, 5) == wanted
    stopped = Trainer(made)
    before = records(stopped, 4)
    tensors, numbers = stopped.state()
    kept = {key: tensor.clone() for key, tensor in tensors.items()}
    records(stopped, 5)
    resumed = Trainer(made, restored=True).restore({key: tensor.clone() for key, tensor in kept.items()}, dict(numbers))
    assert before + records(resumed, 5) == wanted
    fork = go_on(kept, dict(numbers), made, made)
    assert before + records(fork, 5) == wanted
    for a, b in zip(whole.runs, fork.runs, strict=True):
        assert all(torch.equal(p, q) for p, q in zip(a.network.parameters(), b.network.parameters(), strict=True))


@pytest.mark.parametrize("name", DRAWN)
def test_every_rule_of_a_seed_draws_the_same_and_another_seed_another(tmp_path: Path, name: str) -> None:
    """The loss of the first batch is that of the same weights and the same noise."""
    losses = {}
    for rules in ("bp,dfa,shallow", "dfa,bp,shallow"):
        trainer = Trainer(experiment(tmp_path, DRAWN[name], rules=rules, seeds="0,1"))
        for run in trainer.runs:
            disturb()
            run.step(*trainer.next_batch(run.seed), 0)
        found = [(*run, float(one.clean.take()[0])) for run, one in zip(trainer.experiment.runs(), trainer.runs, strict=True)]
        losses[rules] = sorted(found)
        assert len({loss for _, seed, loss in found if seed == 0}) == 1
        assert len({loss for *_, loss in found}) == 2
    assert losses["bp,dfa,shallow"] == losses["dfa,bp,shallow"]


@pytest.mark.parametrize("name", ["F.dropout in tests too", "randn in forward", "numpy in forward", "random in forward"])
def test_the_true_gradient_sees_the_noise_that_the_rule_saw(tmp_path: Path, name: str) -> None:
    """Else bp would be at an angle to itself."""
    trainer = Trainer(experiment(tmp_path, DRAWN[name], rules="bp", measures="angles,update", optimizer="sgd"))
    angles = [(r.metric, r.value) for _ in range(3) for r in next(trainer) if r.metric in ("signal_angle", "update_angle")]
    assert {metric for metric, _ in angles} == {"signal_angle", "update_angle"}
    assert all(value is not None and value < 0.1 for _, value in angles)


@pytest.mark.parametrize("name", DRAWN)
def test_nobody_else_s_random_numbers_are_moved(tmp_path: Path, name: str) -> None:
    def drawn() -> tuple[float, float, float]:
        return float(torch.rand(())), float(np.random.rand()), random.random()

    made = experiment(tmp_path, DRAWN[name])
    for place in (torch.manual_seed, np.random.seed, random.seed):
        place(7)
    wanted = drawn()
    for place in (torch.manual_seed, np.random.seed, random.seed):
        place(7)
    trainer = Trainer(made)
    for _ in range(3):
        next(trainer)
    assert drawn() == wanted


UNREPEATABLE = {
    "a generator of torch's": of(
        "dense(), Use(lambda s, h: s.l(h + torch.randn(h.shape, generator=s.g)), l=nn.Linear(16, 9), "
        "g=torch.Generator().manual_seed(5))"
    ),
    "a generator of numpy's": of(
        "dense(), Use(lambda s, h: s.l(h + s.r.normal()), l=nn.Linear(16, 9), r=np.random.default_rng(3))"
    ),
    "a generator of Python's": of("dense(), Use(lambda s, h: s.l(h + s.r.random()), l=nn.Linear(16, 9), r=random.Random(3))"),
    "weights of a generator without a seed": of(
        "dense(), Use(lambda s, h: torch.tanh(h * s.g), g=nn.Parameter(torch.tensor(np.random.default_rng().normal(size=16)"
        ").float()))"
    ),
    "a count": of(
        "dense(), Counting(16, 9)",
        """
        class Counting(nn.Linear):
            passes = 0
            def forward(self, h):
                self.passes += 1
                return super().forward(h) / self.passes
        """,
    ),
}
REPEATABLE = {
    "a generator with a seed, in blocks": of(
        "dense(), Use(lambda s, h: torch.tanh(h * s.g), g=nn.Parameter(torch.tensor(np.random.default_rng(3).normal(size=16)"
        ").float()))"
    ),
    "a count in a buffer": of(
        "dense(), Counting(16, 9)",
        """
        class Counting(nn.Linear):
            def __init__(self, *size):
                super().__init__(*size)
                self.register_buffer("passes", torch.zeros(()))
            def forward(self, h):
                if self.training:
                    self.passes += 1
                return super().forward(h) / (1 + self.passes)
        """,
    ),
    "batch norm": of("dense(), nn.Sequential(nn.BatchNorm1d(16), nn.Linear(16, 9))"),
    **DRAWN,
}


@pytest.mark.parametrize("name", UNREPEATABLE)
def test_what_would_not_repeat_is_refused(tmp_path: Path, name: str) -> None:
    """It could be neither continued nor replayed, and proofs would take the noise for another rule."""
    with pytest.raises(SettingsError) as refused:
        check(experiment(tmp_path, UNREPEATABLE[name], rules="bp"))
    (sentence,) = refused.value.problems
    assert "block 2 gives other numbers each time for the same seed" in sentence and sentence.endswith(".")


@pytest.mark.parametrize("name", REPEATABLE)
def test_what_repeats_is_not_refused(tmp_path: Path, name: str) -> None:
    check(experiment(tmp_path, REPEATABLE[name], rules="bp"))
