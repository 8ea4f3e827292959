"""The same training on an NVIDIA GPU."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

import pytest
import torch

from dfa_lab.machine.device import present
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.measure_settings import MEASURES
from dfa_lab.settings.parsing import parse
from dfa_lab.train.autograd.probe import probe
from dfa_lab.train.stacked.probe_fleet import measurable, probe_fleet
from dfa_lab.train.stacked.stacked_stepper import StackedStepper
from dfa_lab.train.trainer import Trainer

pytestmark = [
    pytest.mark.cuda,
    # torch says so once, as its thread for gradients has no context of the GPU until it makes one.
    pytest.mark.filterwarnings("ignore:Attempting to run cuBLAS"),
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
    steppers = [group.stepper for group in trainer._together(trainer._active() or list(enumerate(trainer.runs)))]
    fleets = [stepper.fleet for stepper in steppers if isinstance(stepper, StackedStepper)]
    assert fleets and all(fleet._recorded._captured for fleet in fleets)


def test_it_learns_digits_and_resumes() -> None:
    experiment = digits("cuda", epochs=10, num_hidden=100, learning_rate=2e-3)
    trainer = Trainer(experiment)
    records = [next(trainer) for _ in range(100)]
    tensors, numbers = trainer.state()
    resumed = Trainer(experiment).restore({name: tensor.clone() for name, tensor in tensors.items()}, numbers)
    records += list(resumed)
    errors = {r.run: r.value for due in records for r in due if r.metric == "test_error"}
    assert all(value is not None and value < 0.1 for run, value in errors.items() if run < 3), errors


@contextmanager
def no_waiting() -> Iterator[None]:
    """Whatever makes Python wait for the GPU is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this is a prototype
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("settings", [{}, {"dropout": 1}, {"batchnorm": 1}, {"optimizer": "adam"}], ids=str)
def test_no_step_waits_for_the_gpu(settings: dict) -> None:
    """But for the records that are due, and for an epoch's new order of the samples."""
    trainer = Trainer(digits("cuda", rules="bp,fa,dfa", seeds="0,1", epochs=1000, **settings))
    trainer.quiet = True
    assert trainer.plan.record_every == trainer.plan.steps_per_epoch == 23
    for _ in range(24):  # until steps are recorded as a graph and the second epoch has begun
        next(trainer)
    with no_waiting():
        for _ in range(21):
            next(trainer)


def test_seconds_are_those_of_the_gpu() -> None:
    """Python is done with a step long before the GPU is."""
    settings = {"rules": "bp,dfa", "num_hidden": 4000, "num_layers": 4, "batch_size": 1000, "epochs": 20, "measures": "angles"}
    trainer = Trainer(digits("cuda", **settings))
    for _ in range(2):
        next(trainer)
    torch.cuda.synchronize()
    before, began = [run.seconds for run in trainer.runs], perf_counter()
    trainer.quiet = True
    for _ in range(20):
        next(trainer)
    trainer.state()
    torch.cuda.synchronize()
    took = perf_counter() - began
    spent = [run.seconds - then for run, then in zip(trainer.runs, before, strict=True)]
    assert spent[0] == pytest.approx(spent[1]) and 0.6 * took < sum(spent) < took


def test_angles_are_those_of_the_cpu() -> None:
    trainer = Trainer(digits("cuda", rules="bp,fa,dfa", seeds="0,1", num_hidden=30, batch_size=500), dtype=torch.float64)
    for _ in range(4):
        next(trainer)
    ((_, stepper),) = trainer._together(list(enumerate(trainer.runs)))
    assert isinstance(stepper, StackedStepper)
    fleet = stepper.fleet
    assert measurable(fleet)
    found = [probe_fleet(fleet, trainer.probes, MEASURES) for _ in range(3)][-1]  # the third time it is a graph
    for run, values in found:
        run.network.mode(training=False)
        x, t = trainer.probes[run.seed]
        wanted = probe(run.rule.cpu(), run.network.cpu(), run.criterion, x.cpu(), t.cpu(), MEASURES)
        assert values == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("settings", [{}, {"dropout": 1}], ids=str)  # as a graph, and not
def test_updates_are_those_of_autograd(settings: dict) -> None:
    given = {"rules": "bp,fa,dfa", "seeds": "0,1", "num_hidden": 30, "batch_size": 500, "measure_every": 1, "epochs": 2}
    both = [Trainer(digits("cuda", **given, **settings), dtype=torch.float64, by_hand=by_hand) for by_hand in (True, False)]
    found, wanted = ([r for due in one for r in due if r.metric == "update_angle"] for one in both)
    assert [(r.run, r.step, r.layer) for r in found] == [(r.run, r.step, r.layer) for r in wanted]
    assert [r.value for r in found] == pytest.approx([r.value for r in wanted], abs=1e-5)


def test_a_run_that_diverges_drops_out_and_the_others_go_on() -> None:
    trainers = [Trainer(digits("cuda", rules=rules, epochs=2, learning_rate=1e-3)) for rules in ("bp,fa,dfa", "bp,dfa")]
    for one in trainers:
        for _ in range(5):
            next(one)
    with torch.no_grad():
        next(trainers[0].runs[1].network.parameters()).fill_(float("nan"))
    for one in trainers:
        for _ in one:
            pass
    first, second = trainers
    assert list(first.failed) == [1] and "fa (seed 0) diverged" in first.failed[1] and not second.failed
    for number, other in ((0, 0), (2, 1)):
        for p, q in zip(first.runs[number].network.parameters(), second.runs[other].network.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=1e-3, atol=1e-4)  # float32: other products, other last digits


@pytest.mark.parametrize("precision", ["tf32", "bf16"])
def test_shorter_numbers_learn_as_well(precision: str) -> None:
    trainer = Trainer(digits("cuda", rules="bp,dfa", epochs=10, num_hidden=100, learning_rate=2e-3, precision=precision))
    errors = {r.run: r.value for due in trainer for r in due if r.metric == "test_error"}
    assert len(errors) == 2 and all(value is not None and value < 0.1 for value in errors.values()), errors
