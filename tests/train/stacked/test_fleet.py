"""Gradients by hand, of one run and of several at once, against the same steps through autograd."""

import gc
import weakref

import pytest
import torch

from dfa_lab.feedback.rules import dfa
from dfa_lab.settings.measure_settings import MEASURES
from dfa_lab.settings.parsing import parse
from dfa_lab.train.grouping import groups
from dfa_lab.train.run import Run
from dfa_lab.train.stacked import from_network
from dfa_lab.train.stacked.before_fleet_step import BeforeFleet
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.probe_fleet import measurable, probe_fleet

CONV = {"network": "conv", "conv_channels": "4,5", "conv_hidden": "8,7", "dataset": "mnist"}
SETTINGS = [
    {"optimizer": "sgd"},
    {"optimizer": "rmsprop"},
    {"optimizer": "adam", "criterion": "ce"},
    {"optimizer": "adamw", "weight_decay": 0.1, "criterion": "ce"},
    {"optimizer": "adagrad"},  # torch's own, given these gradients
    {"optimizer": "muon", "weight_decay": 0.1, "nonlin": "relu"},
    {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.01, "dropout": 1, "batchnorm": 1},
    {"optimizer": "sgd", "momentum": 0.9, "dampening": False, "halve_every": 1, "decay_factor": 0.3},
    {"optimizer": "nag", "momentum": 0.9, "bias": 0, "batchnorm": 1, "nonlin": "relu"},
    {"num_hidden": "14,6,11", "optimizer": "sgd"},  # as many rows as another layer's columns nowhere
    {"optimizer": "sgd", "feedback_scales": "0.5,2,3"},
    {"max_in_norm": 0.5, "nonlin": "sigmoid", "learning_rate_decay": 0.1},
    CONV | {"optimizer": "sgd"},
    CONV | {"optimizer": "muon"},
    CONV | {"optimizer": "adam", "dropout": 1, "batchnorm": 1},
]


def trained(rules: str, seeds: str, settings: dict, dtype: torch.dtype, together: list[list[int]] | None) -> list[Run]:
    """Four steps on random batches of 29, by fleets of the runs with these numbers, or each through autograd."""
    shape = (3, 16, 16) if "network" in settings else (12,)
    experiment = parse({"num_hidden": 9, "num_layers": 3, "rules": rules, "seeds": seeds, "learning_rate": 1e-2, **settings})
    runs = [Run(experiment, rule, seed, shape, 5, torch.device("cpu"), dtype) for rule, seed in experiment.runs()]
    fleets = [Fleet([runs[number] for number in numbers]) for numbers in together or []]
    stream = torch.Generator().manual_seed(1)
    for number in range(4):
        batches: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        for seed in experiment.seeds:
            x = torch.randn(29, *shape, dtype=dtype, generator=stream)
            batches[seed] = x, torch.randint(5, (29,), generator=stream)
        for fleet in fleets:
            fleet.step(batches, number)
        for run in runs if together is None else ():
            run.step(*batches[run.seed], number)
    return runs


def same(one: Run, other: Run, loose: float) -> None:
    """All that belongs to a run; `loose`: by how much it may differ."""
    mine, theirs = one.tensors(), other.tensors()
    assert mine.keys() == theirs.keys()
    for name, tensor in theirs.items():
        torch.testing.assert_close(mine[name], tensor, rtol=loose, atol=loose, msg=lambda told, name=name: f"{name}: {told}")


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: " ".join(map(str, s.values())))
@pytest.mark.parametrize("rule", ["bp", "fa", "dfa", "shallow"])
def test_a_run_by_hand_is_the_run_through_autograd(rule: str, settings: dict) -> None:
    """Weights, feedback, what the optimiser knows, batch statistics and tallies."""
    (by_hand,), (plain,) = (trained(rule, "0", settings, torch.float64, together) for together in ([[0]], None))
    same(by_hand, plain, 1e-6 if settings == SETTINGS[-1] else 1e-10)  # adam makes steps of what is zero but for rounding


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: " ".join(map(str, s.values())))
def test_a_fleet_is_its_runs(settings: dict) -> None:
    """Bit for bit where its networks are dense; but for rounding where one grouped convolution stands for several."""
    together, alone = [[0, 1, 2, 4, 5, 6], [3, 7]], [[n] for n in range(8)]
    conv = "network" in settings
    dtype = torch.float64 if conv else torch.float32
    fleets, singles = (trained("bp,fa,dfa,shallow", "0,7", settings, dtype, how) for how in (together, alone))
    for one, other in zip(fleets, singles, strict=True):
        same(one, other, (1e-6 if settings == SETTINGS[-1] else 1e-10) if conv else 0.0)


@pytest.mark.parametrize("settings", [{}, {"criterion": "ce"}, {"dropout": 1, "nonlin": "relu"}, {"batchnorm": 1}], ids=str)
@pytest.mark.parametrize("rules", ["dfa", "bp,fa,dfa"])
def test_on_a_cpu_the_samples_of_a_unit_lie_side_by_side(make_run, rules: str, settings: dict) -> None:
    """What every dense layer is given but the first, and the errors of all: a core keeps its rows of W then."""
    runs, xs, ts = zip(*(make_run(rule, samples=13, num_layers=3, **settings) for rule in rules.split(",")), strict=True)
    fleet, seen = Fleet(runs), []
    for stage in fleet.stages:
        layer, real = stage.layer, stage.layer.gradients
        layer.gradients = lambda g, layer=layer, real=real: (seen.append((layer.h, g)), real(g))  # type: ignore[method-assign]
    fleet.step({runs[0].seed: (xs[0], ts[0])}, 0)
    assert len(seen) == 4
    assert {g.stride(-2) for _, g in seen} | {h.stride(-2) for h, _ in seen[:-1]} == {1}
    assert all(g.stride(-1) == 13 for _, g in seen)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam", "adamw", "muon"])
def test_every_run_keeps_its_own_learning_rate(optimizer: str) -> None:
    """Also where they had one before, and have one again."""
    experiment = parse({"num_hidden": 9, "rules": "bp,dfa", "seeds": "0,7", "optimizer": optimizer, "momentum": 0.5})
    both = [[Run(experiment, r, s, (12,), 5, torch.device("cpu"), torch.float64) for r, s in experiment.runs()] for _ in "ab"]
    stream = torch.Generator().manual_seed(1)
    batches = {s: (torch.randn(8, 12, generator=stream).double(), torch.randint(5, (8,), generator=stream)) for s in (0, 7)}
    fleet = Fleet(both[0])
    for number, slower in enumerate([0, 0, 1, 2, 0]):
        for runs in both:
            for place, run in enumerate(runs):
                run.learning_rate = 0.01 / (1 + slower * place)
                run.set_rate(number)
        fleet.step(batches, number)
        for run in both[1]:
            run.step(*batches[run.seed], number)
    for one, other in zip(*both, strict=True):
        for name, tensor in other.tensors().items():
            torch.testing.assert_close(one.tensors()[name], tensor, rtol=1e-12, atol=1e-14)


class OtherSignals(dfa.Dfa):
    def signals(self, hs, logits, e):
        return super().signals(hs, logits, 2 * e)


def test_what_is_not_known_goes_through_autograd(make_run, monkeypatch: pytest.MonkeyPatch) -> None:
    run, *_ = make_run("dfa")
    assert from_network.known(run.experiment, run.network, run.rule)
    for other in ({"eps": 0.1}, {"exact": True, "epochs": 2}):
        run, *_ = make_run("dfa", **other)
        assert not from_network.known(run.experiment, run.network, run.rule)
    monkeypatch.setattr("dfa_lab.feedback.rules.dfa.RULE", OtherSignals)
    run, *_ = make_run("dfa")
    assert not from_network.known(run.experiment, run.network, run.rule)
    run, *_ = make_run("bp")
    run.network.blocks[0].append(torch.nn.Softplus())
    assert not from_network.known(run.experiment, run.network, run.rule)


def test_narrow_dense_networks_are_trained_together(make_run) -> None:
    def sizes(**settings: object) -> list[int]:
        runs = [(n, make_run(rule, **settings)[0]) for n, rule in enumerate(("bp", "fa", "dfa", "shallow"))]
        return [len(numbers) for numbers, _ in groups(runs, runs[0][1].experiment)]

    assert sizes() == [3, 1]
    assert sizes(together="never") == [1, 1, 1, 1]
    assert sizes(shape=(784,), num_hidden=800) == [1, 1, 1, 1]
    assert sizes(shape=(784,), num_hidden=800, together="always") == [3, 1]
    assert sizes(shape=(1, 16, 16), **CONV) == [1, 1, 1, 1]
    assert sizes(eps=0.1) == [1, 1, 1, 1]


class Replayed:
    """What Captured does with a graph, without one: the same computation on tensors of its own."""

    made = 0

    def __init__(self, compute, batches):
        Replayed.made += 1
        self.compute, self.batches = compute, {seed: (x.clone(), t.clone()) for seed, (x, t) in batches.items()}

    def __call__(self, batches):
        for seed, own in self.batches.items():
            for mine, given in zip(own, batches[seed], strict=True):
                mine.copy_(given)
        return tuple(result.clone() for result in self.compute(self.batches))


def test_recorded_steps_take_each_batch_and_the_rate_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decisions about graphs, which are made on a GPU, on a CPU: when one is recorded, replayed, and left out."""
    experiment = parse({"num_hidden": 9, "rules": "bp,fa,dfa", "seeds": "0,7", "optimizer": "sgd", "momentum": 0.5})

    def after(recorded: bool) -> list[Run]:
        runs = [Run(experiment, r, s, (12,), 5, torch.device("cpu"), torch.float32) for r, s in experiment.runs()]
        fleet = Fleet(runs)
        with monkeypatch.context() as patched:
            patched.setattr("dfa_lab.train.stacked.cuda_graph.Captured", Replayed)
            if recorded:
                patched.setattr(Fleet, "_repeats", lambda self, number: self._update.repeats)
            stream = torch.Generator().manual_seed(1)
            for number, size in enumerate([8, 8, 8, 5, 8, 8, 5, 8, 8, 8, 5]):
                if number == 7:
                    for run in runs:
                        run.learning_rate /= 2
                        run.set_rate(number)
                x, t = (torch.randn(2, size, 12, generator=stream), torch.randint(5, (2, size), generator=stream))
                fleet.step({0: (x[0], t[0]), 7: (x[1], t[1])}, number)
        return runs

    Replayed.made = 0
    replayed = after(recorded=True)
    assert Replayed.made == 2  # one for each learning rate
    for one, other in zip(replayed, after(recorded=False), strict=True):
        for name, tensor in other.tensors().items():
            assert torch.equal(one.tensors()[name], tensor), name


@pytest.mark.parametrize("settings", [{}, {"dropout": 1}, {"batchnorm": 1}, CONV], ids=str)
def test_a_fleet_that_nobody_has_is_gone_at_once(make_run, settings: dict) -> None:
    """Not when Python collects garbage: its memory is that of all weights, gradients and states, and of graphs on a GPU."""
    shape = (1, 16, 16) if "network" in settings else (12,)
    runs, x, t = zip(*(make_run(rule, shape=shape, **settings) for rule in ("bp", "fa", "dfa")), strict=True)
    gc.collect()
    gc.disable()
    try:
        fleet = Fleet(list(runs))
        batches = {runs[0].seed: (x[0], t[0])}
        noted = BeforeFleet(fleet, batches, 0, MEASURES) if measurable(fleet) else None
        fleet.step(batches, 0)
        if noted:
            assert probe_fleet(fleet, batches, MEASURES) and noted.of(runs[0])
        del noted
        there = weakref.ref(fleet)
        del fleet
        assert there() is None
    finally:
        gc.enable()
