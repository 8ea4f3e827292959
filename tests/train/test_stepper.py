"""The two implementations of `Stepper` through the protocol alone: the stacked one against autograd, the reference."""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from dfa_lab.measure.seen import Values
from dfa_lab.settings.measure_settings import MEASURES
from dfa_lab.settings.parsing import parse
from dfa_lab.train.autograd.autograd_stepper import AutogradStepper
from dfa_lab.train.evaluate import measured
from dfa_lab.train.grouping import groups
from dfa_lab.train.run import Run
from dfa_lab.train.stacked import stacked_stepper
from dfa_lab.train.stacked.stacked_stepper import StackedStepper
from dfa_lab.train.stepper import Batches, Stepper

CONV = {"network": "conv", "conv_channels": "3,4", "conv_hidden": "6", "dataset": "mnist"}
SETTINGS = [{}, {"optimizer": "adam", "dropout": 1}, {"batchnorm": 1}, {"probe_size": 1000}, CONV]  # the last three: run by run
CLOSE = {"rel": 1e-9, "abs": 1e-7, "nan_ok": True}


def runs_of(settings: dict) -> tuple[list[Run], Batches]:
    """bp, fa, dfa and shallow in float64, with a batch for their seed."""
    experiment = parse({"num_hidden": 9, "rules": "bp,fa,dfa,shallow", "learning_rate": 1e-2, **settings})
    shape = (1, 16, 16) if "network" in settings else (12,)
    runs = [Run(experiment, rule, 0, shape, 5, torch.device("cpu"), torch.float64) for rule in experiment.rules]
    stream = torch.Generator().manual_seed(1)
    x, t = torch.randn(11, *shape, dtype=torch.float64, generator=stream), torch.randint(5, (11,), generator=stream)
    return runs, {0: (x, t)}


def stepped(steppers: list[Stepper], batches: Batches) -> dict[int, list[Values]]:
    """id of a run -> what was found of it before three steps, in each of them, and after."""
    found: dict[int, list[Values]] = {id(run): [] for stepper in steppers for run in stepper.runs}
    entered = []

    @contextmanager
    def apart() -> Iterator[None]:
        entered.append(True)
        yield

    for stepper in steppers:
        seen = [run for part in stepper.probe(batches, MEASURES) for run, _ in part]
        assert sorted(map(id, seen)) == sorted(map(id, stepper.runs))
        for number in range(3):
            entered.clear()
            assert stepper.step(batches, number, (), apart) == {} and not entered  # nobody watches
            watched = stepper.step(batches, number + 3, MEASURES, apart)
            assert watched.keys() == {id(run) for run in stepper.runs} and entered
            for run, values in watched.items():
                found[run].append(values())
        for part in stepper.probe(batches, MEASURES):
            for run, values in part:
                found[id(run)].append(values)
    return found


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_stacked_steps_and_measures_are_those_of_the_reference(settings: dict) -> None:
    both = [runs_of(settings) for _ in "ab"]
    (runs, batches), (others, _) = both
    together: list[Stepper] = [StackedStepper(runs[:3]), StackedStepper(runs[3:])]
    reference: list[Stepper] = [AutogradStepper(run) for run in others]
    assert all(one.by_hand for one in together) and not any(one.by_hand for one in reference)
    found, wanted = stepped(together, batches), stepped(reference, batches)
    for run, other in zip(runs, others, strict=True):
        for name, tensor in other.tensors().items():
            torch.testing.assert_close(run.tensors()[name], tensor, rtol=1e-9, atol=1e-10, msg=name)
        for own, theirs in zip(found[id(run)], wanted[id(other)], strict=True):
            assert own.keys() == theirs.keys()
            by_name = [{name: math.nan if v is None else v for name, v in one.items()} for one in (own, theirs)]
            assert by_name[0] == pytest.approx(by_name[1], **CLOSE)


@pytest.mark.parametrize("kind", [AutogradStepper, StackedStepper])
def test_a_stepper_like_another_makes_the_same_step_of_copies(kind: type) -> None:
    (_, _, dfa, _), batches = runs_of({})
    stepper: Stepper = kind(dfa) if kind is AutogradStepper else kind([dfa])
    twin = copy.deepcopy(dfa, {id(dfa.experiment): dfa.experiment})
    before = {name: tensor.clone() for name, tensor in dfa.network.state_dict().items()}
    like = stepper.like([twin])
    assert type(like) is kind and list(like.runs) == [twin]
    like.step(batches, 0, (), contextmanager(lambda: iter([None])))
    assert all(torch.equal(tensor, before[name]) for name, tensor in dfa.network.state_dict().items())
    stepper.step(batches, 0, (), contextmanager(lambda: iter([None])))
    assert all(torch.equal(tensor, dfa.tensors()[name]) for name, tensor in twin.tensors().items())
    assert not any(torch.equal(tensor, before[name]) for name, tensor in dfa.network.state_dict().items())


def test_all_of_an_experiment_goes_through_the_reference_where_that_is_asked() -> None:
    runs, _ = runs_of({})
    by_hand, plain = (groups(list(enumerate(runs)), runs[0].experiment, how) for how in (True, False))
    assert [group.numbers for group in by_hand] == [[0, 1, 2], [3]]
    assert [group.numbers for group in plain] == [[0], [1], [2], [3]]
    assert {type(group.stepper) for group in plain} == {AutogradStepper}


def test_what_is_measured_run_by_run_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fleet with batch norm is one stepper whose runs are measured one after the other."""
    runs, batches = runs_of({"batchnorm": 1})
    seen: list[Run] = []
    real = stacked_stepper.probe_run
    monkeypatch.setattr(stacked_stepper, "probe_run", lambda run, *given: (seen.append(run), real(run, *given))[1])
    active = list(enumerate(runs[:3]))
    (group,) = groups(active, runs[0].experiment)
    found = dict(measured(active, [group], batches, MEASURES, {}))
    assert sorted(map(id, seen)) == sorted(map(id, runs[:3])) and list(found) == [0, 1, 2] and all(found.values())
