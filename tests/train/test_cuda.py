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


def test_first_gradients_are_those_of_the_cpu() -> None:
    assert "cuda:0" in present()
    trainers = [Trainer(digits(device, optimizer="sgd"), dtype=torch.float64) for device in ("cpu", "cuda")]
    for trainer in trainers:
        next(trainer)
    for on_cpu, on_gpu in zip(trainers[0].runs, trainers[1].runs, strict=True):
        for one, other in zip(on_cpu.network.parameters(), on_gpu.network.parameters(), strict=True):
            assert other.is_cuda
            assert (one.grad is None) == (other.grad is None)
            if one.grad is not None and other.grad is not None:
                torch.testing.assert_close(other.grad.cpu(), one.grad, rtol=1e-7, atol=1e-10)


def test_it_learns_digits_and_resumes() -> None:
    experiment = digits("cuda", epochs=10, num_hidden=100, learning_rate=2e-3)
    trainer = Trainer(experiment)
    records = [next(trainer) for _ in range(100)]
    tensors, numbers = trainer.state()
    resumed = Trainer(experiment).restore({name: tensor.clone() for name, tensor in tensors.items()}, numbers)
    records += list(resumed)
    errors = {r.run: r.value for due in records for r in due if r.metric == "test_error"}
    assert all(value is not None and value < 0.1 for run, value in errors.items() if run < 3), errors
