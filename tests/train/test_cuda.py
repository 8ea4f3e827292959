"""The same training on an NVIDIA GPU."""

import pytest
import torch

from dfa_lab.config import Experiment
from dfa_lab.device import present
from dfa_lab.parsing import parse
from dfa_lab.train.trainer import Trainer

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU that torch can use"),
]


def digits(device: str, **settings: object) -> Experiment:
    return parse({"rules": "bp,fa,dfa,shallow", "seeds": "0", "device": device} | settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "sgd"},
        {"optimizer": "rmsprop"},  # recorded as a graph from its second step on, but for the last batch of an epoch
        {"optimizer": "sgd", "momentum": 0.9, "halve_every": 1},  # recorded anew when the rate is another one
        {"optimizer": "adam", "batchnorm": 1},
        {"optimizer": "sgd", "network": "conv", "conv_channels": "4", "conv_hidden": "8", "together": "always"},
    ],
    ids=lambda s: " ".join(map(str, s.values())),
)
def test_the_steps_are_those_of_the_cpu(settings: dict) -> None:
    """Two epochs in double precision, all runs at once on the GPU, each alone through autograd on the CPU."""
    assert "cuda:0" in present()
    given = {"seeds": "0,1", "epochs": 3, "learning_rate": 1e-3, "num_hidden": 30, "batch_size": 500} | settings
    plain = Trainer(digits("cpu", **given), dtype=torch.float64, by_hand=False)
    fast = Trainer(digits("cuda", **given), dtype=torch.float64)
    for trainer in (plain, fast):
        for _ in range(2 * trainer.plan.steps_per_epoch + 1):
            next(trainer)
    for on_cpu, on_gpu in zip(plain.runs, fast.runs, strict=True):
        for one, other in zip(on_cpu.network.parameters(), on_gpu.network.parameters(), strict=True):
            assert other.is_cuda
            torch.testing.assert_close(other.cpu(), one, rtol=1e-6, atol=1e-8)


def test_steps_are_recorded_as_a_graph() -> None:
    trainer = Trainer(digits("cuda", epochs=1))
    for _ in trainer:
        pass
    fleets = [fleet for _, fleet in trainer._together(trainer._active() or list(enumerate(trainer.runs))) if fleet]
    assert fleets and all(fleet._captured for fleet in fleets)


def test_it_learns_digits_and_resumes() -> None:
    experiment = digits("cuda", epochs=10, num_hidden=100, learning_rate=2e-3)
    trainer = Trainer(experiment)
    records = [next(trainer) for _ in range(100)]
    tensors, numbers = trainer.state()
    resumed = Trainer(experiment).restore({name: tensor.clone() for name, tensor in tensors.items()}, numbers)
    records += list(resumed)
    errors = {r.run: r.value for due in records for r in due if r.metric == "test_error"}
    assert all(value is not None and value < 0.1 for run, value in errors.items() if run < 3), errors
