"""What is measured by hand, of one run and of several at once, against measure/, through autograd."""

import copy
import math
from collections.abc import Collection

import pytest
import torch

from dfa_lab.measure.seen import Values
from dfa_lab.settings.measure_settings import MEASURES
from dfa_lab.settings.parsing import parse
from dfa_lab.train.autograd.probe import probe
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.before_fleet_step import BeforeFleet
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.probe_fleet import measurable, probe_fleet

RULES = ("bp", "fa", "dfa")
SETTINGS = [
    {},
    {"nonlin": "relu", "criterion": "ce", "num_layers": 1},
    {"nonlin": "sigmoid", "dropout": 1, "bias": 0},
    {"num_hidden": 60, "num_layers": 2},  # wider than there are samples: lengths from products between samples
    {"num_hidden": "13,20,6"},
    {"init": "paper"},  # zero weights: no angles before the first step
]
CLOSE = {"abs": 1e-7, "rel": 1e-9, "nan_ok": True}
Batch = tuple[torch.Tensor, torch.Tensor]


def runs_and_batches(settings: dict, seeds: str = "0,7", steps: int = 3) -> tuple[list[Run], dict[int, Batch]]:
    """In float64, after some steps of their own, with a probe batch of each seed."""
    settings = {"num_hidden": 9, "num_layers": 3, "learning_rate": 1e-2, **settings}
    experiment = parse(settings | {"rules": ",".join(RULES), "seeds": seeds})
    runs = [Run(experiment, rule, seed, (12,), 5, torch.device("cpu"), torch.float64) for rule, seed in experiment.runs()]
    stream = torch.Generator().manual_seed(1)
    batches: dict[int, Batch] = {}
    for seed in experiment.seeds:
        x = torch.randn(11, 12, dtype=torch.float64, generator=stream)
        batches[seed] = x, torch.randint(5, (11,), generator=stream)
    for run in runs:
        for number in range(steps):
            run.step(*batches[run.seed], number)
        run.network.mode(training=False)
    return runs, batches


def measured(run: Run, batch: Batch, groups: Collection[str]) -> Values:
    run.network.mode(training=False)
    return probe(run.rule, run.network, run.criterion, *batch, groups)


def numbers(found: Values) -> dict[tuple[str, int | None], float]:
    return {name: math.nan if value is None else value for name, value in found.items()}


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: " ".join(map(str, s.values())))
def test_by_hand_it_is_what_autograd_finds(settings: dict, steps: int, together: bool) -> None:
    runs, batches = runs_and_batches(settings, steps=steps)
    wanted = {id(run): measured(run, batches[run.seed], MEASURES) for run in runs}
    fleets = [Fleet(runs)] if together else [Fleet([run]) for run in runs]
    assert all(measurable(fleet) for fleet in fleets)
    found = [one for fleet in fleets for one in probe_fleet(fleet, batches, MEASURES)]
    assert {id(run) for run, _ in found} == wanted.keys()
    for run, values in found:
        assert numbers(values) == pytest.approx(numbers(wanted[id(run)]), **CLOSE)
        if run.experiment.init != "paper":
            assert all(value is not None for (metric, _), value in values.items() if metric.startswith("gradient"))


@pytest.mark.parametrize("groups", [*((name,) for name in MEASURES), ("update", "units", "rank")], ids="+".join)
def test_some_measures_are_the_same_as_among_all(groups: tuple[str, ...]) -> None:
    runs, batches = runs_and_batches({"num_layers": 2})
    for run, values in probe_fleet(Fleet(runs), batches, groups):
        assert numbers(values) == pytest.approx(numbers(measured(run, batches[run.seed], groups)), **CLOSE)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: " ".join(map(str, s.values())))
def test_the_update_is_held_against_the_true_gradient_that_autograd_finds(
    settings: dict, optimizer: str, together: bool
) -> None:
    runs, batches = runs_and_batches({**settings, "optimizer": optimizer})
    others, _ = runs_and_batches({**settings, "optimizer": optimizer})
    befores = [other.step(*batches[other.seed], 3, watched=MEASURES) for other in others]
    fleets = [Fleet(runs)] if together else [Fleet([run]) for run in runs]
    noted = [BeforeFleet(fleet, batches, 3, MEASURES) for fleet in fleets]
    for fleet in fleets:
        fleet.step(batches, 3)
    for place, (run, before) in enumerate(zip(runs, befores, strict=True)):
        assert before
        found, wanted = noted[0 if together else place].of(run), before.values()
        assert numbers(found) == pytest.approx(numbers(wanted), **CLOSE)
        assert list(found) == [("update_angle", layer) for layer in (*range(1, run.experiment.num_layers + 2), None)]


@pytest.mark.parametrize("together", [True, False])
def test_short_numbers_are_for_steps_alone(together: bool) -> None:
    """With bf16 the probe batch goes through the weights as they are, and the step's true gradient is that of autocast."""
    experiment = parse({"num_hidden": 20, "rules": ",".join(RULES), "precision": "bf16"})
    runs, others = (
        [Run(experiment, rule, 0, (12,), 5, torch.device("cpu"), torch.float32) for rule in experiment.rules] for _ in "ab"
    )
    stream = torch.Generator().manual_seed(1)
    batch = torch.randn(64, 12, generator=stream), torch.randint(5, (64,), generator=stream)
    fleets = [Fleet(runs)] if together else [Fleet([run]) for run in runs]
    found = {id(run): values for fleet in fleets for run, values in probe_fleet(fleet, {0: batch}, MEASURES)}
    for run, other in zip(runs, others, strict=True):
        assert numbers(found[id(run)]) == pytest.approx(numbers(measured(other, batch, MEASURES)), rel=1e-4, abs=1e-3)
    noted = [BeforeFleet(fleet, {0: batch}, 0, MEASURES) for fleet in fleets]
    for fleet in fleets:
        fleet.step({0: batch}, 0)
    for place, (run, other) in enumerate(zip(runs, others, strict=True)):
        before = other.step(*batch, 0, watched=MEASURES)
        assert before and noted[0 if together else place].of(run) == pytest.approx(before.values(), abs=1)


@pytest.mark.parametrize(("units", "layers", "probe"), [(37, 2, 11), (100, 3, 128), (6, 1, 29), (240, 2, 64), (15, 2, 16)])
@pytest.mark.parametrize("nonlin", ["tanh", "sigmoid"])
def test_the_last_digit_does_not_depend_on_the_other_runs(units: int, layers: int, probe: int, nonlin: str) -> None:
    """Or worker processes would not give what one process gives. 16 samples of 5 classes, 15 units: odd multiples of a
    processor's vector."""
    given = {"num_hidden": units, "num_layers": layers, "nonlin": nonlin, "rules": ",".join(RULES), "seeds": "0,7"}
    experiment = parse(given)
    runs = [Run(experiment, rule, seed, (12,), 5, torch.device("cpu"), torch.float32) for rule, seed in experiment.runs()]
    alone = [Run(experiment, rule, seed, (12,), 5, torch.device("cpu"), torch.float32) for rule, seed in experiment.runs()]
    stream = torch.Generator().manual_seed(1)
    probes = {s: (torch.rand(probe, 12, generator=stream), torch.randint(5, (probe,), generator=stream)) for s in (0, 7)}
    fleet = Fleet(runs)
    noted = BeforeFleet(fleet, probes, 0, MEASURES)
    fleet.step(probes, 0)
    together = {id(run): values for run, values in probe_fleet(fleet, probes, MEASURES)}
    for run, other in zip(runs, alone, strict=True):
        single = Fleet([other])
        noted_alone = BeforeFleet(single, probes, 0, MEASURES)
        single.step(probes, 0)
        ((_, found),) = probe_fleet(single, probes, MEASURES)
        assert found == together[id(run)]
        assert noted_alone.of(other) == noted.of(run)


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("units", [9, 60])  # gradients themselves, and products between samples
@pytest.mark.parametrize("factor", [1e-11, 1e13])
def test_squares_that_leave_32_bits_change_no_angle_and_no_ratio(factor: float, units: int, together: bool) -> None:
    """Held against 64 bits, at the same weights. Only bp is its own truth."""
    experiment = parse({"num_hidden": units, "num_layers": 3, "nonlin": "relu", "rules": ",".join(RULES)})
    runs = [Run(experiment, rule, 0, (12,), 5, torch.device("cpu"), torch.float32) for rule in RULES]
    with torch.no_grad():
        for run in runs:
            for number, W in run.network.weights():
                W.mul_(factor if number > 1 else 1)
    stream = torch.Generator().manual_seed(1)
    x, t = torch.rand(11, 12, generator=stream), torch.randint(5, (11,), generator=stream)
    twins = {id(run): copy.deepcopy(run) for run in runs}
    for twin in twins.values():
        twin.network.double()
        twin.rule.double()
    groups = ["angles", "feedback", "units"]
    wanted = {key: numbers(measured(twin, (x.double(), t), groups)) for key, twin in twins.items()}
    found = {id(run): numbers(measured(run, (x, t), groups)) for run in runs}
    fleets = [Fleet(runs)] if together else [Fleet([run]) for run in runs]
    by_hand = {id(run): numbers(values) for fleet in fleets for run, values in probe_fleet(fleet, {0: (x, t)}, groups)}
    for run in runs:
        for values in (found[id(run)], by_hand[id(run)]):
            assert values == pytest.approx(wanted[id(run)], rel=1e-4, abs=0.01, nan_ok=True)
            assert 90.0 not in values.values() and not math.isnan(values["gradient_angle", None])


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("units", [9, 60])
def test_what_overflows_itself_has_no_angle(units: int, together: bool) -> None:
    """Bp has none either, though it is its own truth."""
    experiment = parse({"num_hidden": units, "num_layers": 3, "nonlin": "relu", "rules": ",".join(RULES)})
    runs = [Run(experiment, rule, 0, (12,), 5, torch.device("cpu"), torch.float32) for rule in RULES]
    with torch.no_grad():
        for run in runs:
            for number, W in run.network.weights():
                W.mul_(1e22 if number > 1 else 1)
    stream = torch.Generator().manual_seed(1)
    batch = torch.rand(11, 12, generator=stream), torch.randint(5, (11,), generator=stream)
    wanted = {id(run): measured(run, batch, ["angles"]) for run in runs}
    fleets = [Fleet(runs)] if together else [Fleet([run]) for run in runs]
    for run, found in (one for fleet in fleets for one in probe_fleet(fleet, {0: batch}, ["angles"])):
        missing, wanting = ({name for name, v in values.items() if v is None} for values in (found, wanted[id(run)]))
        assert missing == wanting and {("gradient_angle", None), ("signal_angle", 1)} <= missing


def test_it_is_no_angle_of_backpropagation_to_itself() -> None:
    """Feedback that is W gives 0°, and its opposite 180°: what is measured depends on B."""
    runs, batches = runs_and_batches({"num_layers": 2}, seeds="0")
    fa = runs[1]
    for sign, wanted in ((1.0, 0.0), (-1.0, 180.0)):
        for number, layer in fa.network.layers():
            if layer.feedback is not None and number == 3:
                layer.feedback.copy_(sign * layer.weight.detach())
        ((_, found),) = probe_fleet(Fleet([fa]), batches, ["angles"])
        assert found["signal_angle", 2] == pytest.approx(wanted, abs=1e-6)
        assert found["signal_ratio", 2] == pytest.approx(1)
        assert 1 < (found["signal_angle", 1] or 0) < 179


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
def test_measuring_changes_no_bit_of_the_training(optimizer: str) -> None:
    both = [runs_and_batches({"dropout": 1, "optimizer": optimizer}, steps=0) for _ in "ab"]
    for looked_at, (runs, batches) in enumerate(both):
        fleet = Fleet(runs)
        for number in range(3):
            random = torch.get_rng_state()
            noted = None
            if looked_at:
                probe_fleet(fleet, batches, MEASURES)
                noted = BeforeFleet(fleet, batches, number, MEASURES)
            assert torch.equal(torch.get_rng_state(), random)
            fleet.step(batches, number)
            assert noted is None or noted.of(runs[0])["update_angle", 1] is not None
    for one, other in zip(both[0][0], both[1][0], strict=True):
        kept, plain = one.tensors(), other.tensors()
        assert kept.keys() == plain.keys() and all(torch.equal(kept[name], plain[name]) for name in kept)


def test_what_is_not_known_here_is_left_to_autograd(make_run) -> None:
    conv = {"shape": (1, 16, 16), "network": "conv", "conv_channels": "3,4", "conv_hidden": "6"}
    assert measurable(Fleet([make_run("dfa")[0]]))
    for rule, settings in (("dfa", {"batchnorm": 1}), ("dfa", conv), ("shallow", {})):
        assert not measurable(Fleet([make_run(rule, **settings)[0]]))
