"""What the trainer promises about weights, batches, records and their times, each against an independent recomputation."""

from collections import defaultdict
from collections.abc import Callable, Collection
from math import ceil
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from small_data import continued, plain, small, small_set
from torch import Tensor

from dfa_lab.measure import chosen
from dfa_lab.records import DRAWN, METRICS, Record
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.measure_settings import MEASURES
from dfa_lab.train.autograd.before_step import Before
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.before_fleet_step import BeforeFleet
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stepper import Apart, Batches
from dfa_lab.train.trainer import Diverged, Trainer

BY_BLOCK = ["signal_angle", "signal_angle_std", "signal_ratio", "saturated", "dead", "effective_rank"]
WHOLE_TOO = {"gradient_angle", "gradient_ratio", "update_angle"}


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> dict[int, list[tuple[Tensor, Tensor]]]:
    """What every run is given, by id(run)."""
    seen: dict[int, list[tuple[Tensor, Tensor]]] = defaultdict(list)
    real, real_fleet = Run.step, Fleet.step

    def step(self: Run, x: Tensor, t: Tensor, number: int, watched: Collection[str], apart: Apart) -> Before | None:
        seen[id(self)].append((x.clone(), t.clone()))
        return real(self, x, t, number, watched, apart)

    def fleet_step(self: Fleet, batches: Batches, number: int) -> None:
        for run in self.runs:
            x, t = batches[run.seed]
            seen[id(run)].append((x.clone(), t.clone()))
        return real_fleet(self, batches, number)

    monkeypatch.setattr(Run, "step", step)
    monkeypatch.setattr(Fleet, "step", fleet_step)
    return seen


def by_step(records: list[Record], metric: str) -> dict[tuple[int, int, int | None], Record]:
    return {(r.run, r.step, r.layer): r for r in records if r.metric == metric}


def test_runs_of_a_seed_start_alike_and_are_given_the_same_batches(batches) -> None:
    experiment, dataset = small(seeds="0,7", epochs=2), small_set()
    trainer = Trainer(experiment, dataset)
    for seed in (0, 7):
        weights = [run.network.state_dict() for (_, s), run in zip(experiment.runs(), trainer.runs, strict=True) if s == seed]
        assert len(weights) == 4
        for other in weights[1:]:
            assert all(torch.equal(weights[0][name], other[name]) for name in weights[0] if "feedback" not in name)
    start = [trainer.runs[n].network.readout.weight for n in (0, 4)]
    assert not torch.equal(*start)
    for _ in trainer:
        pass
    given = [batches[id(run)] for run in trainer.runs]
    for first, others in ((given[0], given[1:4]), (given[4], given[5:])):
        assert [len(t) for _, t in first] == [8, 8, 8, 8, 8, 8, 2] * 2  # 50 samples: the last batch of an epoch is partial
        for other in others:
            assert len(other) == len(first)
            assert all(torch.equal(x, u) and torch.equal(t, v) for (x, t), (u, v) in zip(first, other, strict=True))
        for epoch in (first[:7], first[7:]):  # every sample once
            drawn = torch.cat([x for x, _ in epoch])
            assert torch.equal(drawn[drawn[:, 0].argsort()], dataset.x_train[dataset.x_train[:, 0].argsort()])
    orders = [torch.cat([x for x, _ in part]) for part in (given[0][:7], given[0][7:], given[4][:7])]
    assert not any(torch.equal(orders[i], orders[j]) for i, j in ((0, 1), (0, 2), (1, 2)))


def test_a_seed_does_not_depend_on_what_else_is_trained() -> None:
    alone = Trainer(small(rules="dfa", seeds="7"), small_set())
    among = Trainer(small(rules="bp,dfa", seeds="0,7"), small_set())
    for _ in zip(alone, among, strict=True):
        pass
    assert among.experiment.runs()[3] == ("dfa", 7)
    for one, other in zip(alone.runs[0].network.parameters(), among.runs[3].network.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("samples", "batch", "epochs"), [(50, 8, 3), (48, 8, 2), (50, 50, 2), (50, 1, 1)])
def test_it_ends_after_every_epoch_is_done(samples: int, batch: int, epochs: int) -> None:
    trainer = Trainer(small(rules="dfa", batch_size=batch, epochs=epochs), small_set(samples))
    assert trainer.steps == ceil(samples / batch) * epochs
    assert sum(1 for _ in trainer) == trainer.steps == trainer.step
    assert trainer.samples == samples * epochs
    assert trainer.epoch == epochs
    with pytest.raises(StopIteration):
        next(trainer)
    assert trainer.step == trainer.steps


def test_records_of_step_0_come_with_the_first_step() -> None:
    trainer = Trainer(small(), small_set())
    first = next(trainer)
    at_start = [r for r in first if r.step == 0]
    assert {(r.samples, r.epoch, r.seconds) for r in at_start} == {(0, 0.0, 0.0)}
    for run in range(4):
        found = {(r.metric, r.layer) for r in at_start if r.run == run}
        by_block = BY_BLOCK + ["feedback_angle"] * (run in (1, 2))  # of fa and dfa
        measured = {(m, l) for m in by_block for l in (1, 2)}
        measured |= {(m, l) for m in ("gradient_angle", "gradient_ratio") for l in (1, 2, 3, None)}
        known = {m for m, _ in measured} | {"test_loss", "test_error", "update_angle", "feedback_angle"}
        of = trainer.runs[run].rule, trainer.runs[run].network
        kinds = [kind for kind in chosen((*MEASURES, "chance")) if not hasattr(kind, "applies") or kind.applies(*of)]
        there = {metric for kind in kinds for metric in kind.METRICS}
        assert {m for m, _ in found} - known == there - known  # of measures that were added
        found = {(m, l) for m, l in found if m in known}
        assert found == {("test_loss", None), ("test_error", None)} | measured  # there was no step yet, so no update angle
    assert not [r for records in trainer for r in records if r.step == 0]


def test_fields_of_the_records() -> None:
    trainer = Trainer(small(seeds="0,1"), small_set())
    records = [r for due in trainer for r in due]
    assert {r.metric for r in records} == {name for name in METRICS if "adversarial" not in name}
    whole_too = {drawn["metric"] for drawn in DRAWN.values() if drawn.get("whole")}
    assert whole_too >= WHOLE_TOO and not whole_too & {*BY_BLOCK, "feedback_angle"}
    for r in records:
        assert 0 <= r.run < 8
        assert r.samples == r.step // 7 * 50 + r.step % 7 * 8
        assert r.epoch == pytest.approx(r.samples / 50)
        assert r.seconds >= 0
        assert (r.layer is None) == (r.metric.startswith(("train", "test"))) or r.metric in whole_too
    for run in range(8):
        times = [r.seconds for r in records if r.run == run]
        assert times == sorted(times) and times[-1] > 0
    keys = [(r.run, r.metric, r.layer, r.step) for r in records]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("criterion", ["bce", "ce"])
def test_train_metrics_are_those_of_the_batches_before_each_step(criterion: str, batches, monkeypatch) -> None:
    """Recomputed with torch's own criteria through the network as it was before every step."""
    monkeypatch.setattr("dfa_lab.train.plan.MOST_POINTS", 7)  # a record every three steps, and at the end of an epoch
    trainer = Trainer(small(criterion=criterion, rules="bp,dfa"), small_set())
    assert trainer.plan.record_every == 3
    sums = [[0.0, 0, 0] for _ in trainer.runs]
    compared = 0
    for _ in range(trainer.steps):
        before = [{k: v.clone() for k, v in run.network.state_dict().items()} for run in trainer.runs]
        records = next(trainer)
        for n, run in enumerate(trainer.runs):
            x, t = batches[id(run)][-1]
            y = torch.func.functional_call(run.network, before[n], x)
            if criterion == "ce":
                loss = F.cross_entropy(y, t, reduction="sum")
            else:
                loss = F.binary_cross_entropy_with_logits(y, F.one_hot(t, 3).float(), reduction="sum")
            sums[n] = [sums[n][0] + loss.item(), sums[n][1] + int((y.argmax(1) != t).sum()), sums[n][2] + len(t)]
        for r in records:
            if r.metric in ("train_loss", "train_error"):
                compared += 1
                total = sums[r.run][r.metric == "train_error"]
                assert r.value == pytest.approx(total / sums[r.run][2], rel=1e-5), r
        if any(r.metric == "train_loss" for r in records):
            sums = [[0.0, 0, 0] for _ in trainer.runs]
    assert compared == 2 * 2 * len({s for s in range(1, 22) if s % 3 == 0 or s % 7 == 0})


def test_test_metrics_are_those_of_the_whole_test_set() -> None:
    dataset = small_set()
    trainer = Trainer(small(), dataset)
    trainer.evaluated_at_once = 10  # 23 samples: 10, 10 and 3
    compared = 0
    for records in trainer:
        for r in records:
            if r.metric == "test_error" and r.step:
                y = trainer.runs[r.run].network(dataset.x_test)
                assert r.value == int((y.argmax(1) != dataset.y_test).sum()) / 23
                compared += 1
            elif r.metric == "test_loss" and r.step:
                y = trainer.runs[r.run].network(dataset.x_test)
                wanted = F.binary_cross_entropy_with_logits(y, F.one_hot(dataset.y_test, 3).float(), reduction="sum") / 23
                assert r.value == pytest.approx(wanted.item(), rel=1e-5)
                assert r.step % 7 == 0
    assert compared == 3 * 4


@pytest.mark.parametrize(
    ("every", "wanted"),
    [
        (6, [0, 1, 2, 4, 6, 7, 12, 14, 18, 21]),
        (1, list(range(22))),
        (7, [0, 1, 2, 4, 7, 14, 21]),
        (1000, [0, 1, 2, 4, 7, 8, 14, 16, 21]),
        (0, [0, 8, 21]),  # short; 16 probe samples, batches of 8: every 70 steps, which are 10 epochs
    ],
)
def test_when_angles_are_measured(every: int, wanted: list[int]) -> None:
    trainer = Trainer(small(measure_every=every), small_set())
    records = [r for due in trainer for r in due]
    for metric, layer in (("signal_angle", 1), ("gradient_angle", None)):
        steps = [r.step for r in records if r.run == 2 and (r.metric, r.layer) == (metric, layer)]
        assert steps == wanted


EVERYTHING = set(MEASURES)


def test_what_is_expensive_is_measured_as_rarely_as_it_can_be_afforded() -> None:
    """With 2 probe samples for each of the batch: angles every 48 steps, the others cost 2.4 steps and may take 0.75 %."""
    plan = Trainer(small(epochs=300), small_set()).plan
    assert (plan.measure_every, plan.others_every) == (49, 343)  # 7 and 49 epochs
    assert [step for step in range(1, 400) if plan.groups_after(step) == EVERYTHING] == [1, 4, 16, 64, 343]
    assert plan.groups_after(0) == EVERYTHING | {"chance"} and plan.groups_after(plan.steps) == EVERYTHING
    assert plan.groups_after(98) == plan.groups_after(8) == {"angles"}  # at an interval; early
    assert plan.groups_after(99) == plan.groups_after(7) == set()  # each epoch would be too often
    assert plan.groups_after(2058) == {"angles"} and plan.steps == 2100  # six times 343, and 42 steps before the end
    long = Trainer(small(epochs=1000), small_set()).plan
    assert (long.measure_every, long.others_every) == (49, 343)
    for measures, every in (("angles", 49), ("feedback", 49), ("update,feedback", 147), ("rank,angles", 147)):
        plan = Trainer(small(epochs=300, measures=measures), small_set()).plan
        assert plan.others_every == every
        assert plan.groups_after(every) == set(measures.split(","))
    plan = Trainer(small(epochs=300, measure_every=5), small_set()).plan  # as was asked for, whatever it costs
    assert plan.groups_after(5) == plan.groups_after(7) == EVERYTHING


@pytest.mark.parametrize(
    ("epochs", "angles", "others"),
    [
        (1, [0, 7], [0, 7]),
        (40, [0, 8, 70, 140, 210, 280], [0, 140, 280]),
        (60, [0, 8, 70, 140, 210, 280, 350, 420], [0, 210, 420]),
        (63, [0, 8, 70, 140, 210, 280, 350, 441], [0, 210, 441]),  # 420 is too close to the end for both
    ],
)
def test_a_short_training_is_measured_where_it_can_be_afforded(epochs: int, angles: list[int], others: list[int]) -> None:
    """Its start and its end always; the others where angles are."""
    plan = Trainer(small(epochs=epochs), small_set()).plan
    due = {step: groups for step in range(plan.steps + 1) if (groups := plan.groups_after(step))}
    assert list(due) == angles
    assert [step for step, groups in due.items() if groups - {"chance"} == EVERYTHING] == others
    assert due.pop(8, {"angles", "update"}) == {"angles", "update"}  # the first update there can be an angle of
    assert all(groups - {"chance"} in (EVERYTHING, {"angles"}) for groups in due.values())


def test_the_default_training_has_the_points_that_the_docs_say() -> None:
    plan = Trainer(Experiment(device="cpu")).plan
    due = [plan.groups_after(step) - {"chance"} for step in range(plan.steps + 1)]
    assert (sum("angles" in groups for groups in due), due.count(frozenset(EVERYTHING))) == (9, 3)


def test_the_seconds_of_a_run_are_those_of_its_training_alone(monkeypatch) -> None:
    """A clock that only the measuring moves stands still for the runs."""
    now = [0.0]

    def slow(real: Callable) -> Callable:
        def noting(*given):
            now[0] += 1000
            return real(*given)

        return noting

    monkeypatch.setattr("dfa_lab.train.clock.thread_time", lambda: now[0])
    monkeypatch.setattr(Run, "note", slow(Run.note))
    monkeypatch.setattr(BeforeFleet, "__init__", slow(BeforeFleet.__init__))
    for by_hand, noted in ((True, 2000), (False, 4000)):  # by hand: shallow, and the three others together
        now[0] = 0.0
        trainer = Trainer(small(measure_every=1), small_set(), by_hand=by_hand)
        next(trainer)
        assert now[0] == noted and [run.seconds for run in trainer.runs] == [0.0] * 4


def test_where_a_gradient_is_zero_there_is_no_angle() -> None:
    """The paper's zero weights: no true gradient reaches a hidden layer at step 0; the readout's is there and exact."""
    records = next(Trainer(small(init="paper", rules="bp,fa,dfa,shallow"), small_set()))
    angles = {(r.run, r.layer): r.value for r in records if r.metric == "signal_angle" and r.step == 0}
    for layer in (1, 2):
        assert angles[0, layer] == pytest.approx(0, abs=1e-4)  # bp itself starts from ordinary weights
        assert [angles[run, layer] for run in (1, 2, 3)] == [None] * 3
    spreads = {(r.run, r.layer): r.value for r in records if r.metric == "signal_angle_std" and r.step == 0}
    assert [spreads[run, 1] for run in (1, 2, 3)] == [None] * 3
    gradients = {(r.run, r.layer): r.value for r in records if r.metric == "gradient_angle" and r.step == 0}
    assert gradients[2, 1] is None and gradients[2, 2] is None
    assert gradients[3, 1] is None and gradients[3, 3] == pytest.approx(0, abs=1e-4)


def test_a_probe_larger_than_the_training_set_is_the_training_set() -> None:
    dataset = small_set()
    whole, more = (Trainer(small(rules="fa", probe_size=size), dataset) for size in (50, 500))
    assert plain([r for r in next(whole) if r.step == 0]) == plain([r for r in next(more) if r.step == 0])


def test_a_learning_rate_acts_from_the_next_step() -> None:
    """Plain gradient descent: the step is rate times gradient, so the second trainer's third step is ten times longer."""
    trainers = [Trainer(small(rules="bp", optimizer="sgd", learning_rate=0.1), small_set()) for _ in range(2)]
    for trainer in trainers:
        next(trainer)
        next(trainer)
    before = [trainer.runs[0].network.readout.weight.detach().clone() for trainer in trainers]
    assert torch.equal(*before)
    trainers[1].set_learning_rate(1.0)
    assert trainers[1].learning_rate == 1.0
    for trainer in trainers:
        next(trainer)
    one, other = (t.runs[0].network.readout.weight.detach() - w for t, w in zip(trainers, before, strict=True))
    assert one.norm() > 1e-4
    torch.testing.assert_close(other, 10 * one, rtol=1e-3, atol=1e-6)


def test_divergence_names_the_run_and_the_step() -> None:
    steep = {"nonlin": "relu", "num_layers": 5, "num_hidden": 30, "optimizer": "sgd", "learning_rate": 100}
    trainer = Trainer(small(**steep, rules="bp", seeds=4, epochs=50), small_set())
    with pytest.raises(Diverged) as raised:
        for _ in trainer:
            pass
    text = str(raised.value)
    assert f"bp (seed 4) diverged by step {trainer.step}: its loss is no longer a finite number" in text
    assert "learning rate below 100" in text


def test_nothing_of_a_small_experiment_is_written_anywhere(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in Trainer(small(rules="dfa", epochs=1), small_set()):
        pass
    assert list(tmp_path.iterdir()) == []


def test_long_experiments_keep_their_curves_short() -> None:
    trainer = Trainer(small(epochs=5000), small_set())
    assert trainer.plan.test_every == 5
    assert trainer.plan.record_every == 5 * trainer.plan.steps_per_epoch
    assert trainer.plan.measure_every == 49  # dearer than that it may not be, rarer it need not


def test_a_state_is_taken_between_steps_only() -> None:
    trainer = Trainer(small(), small_set())
    trainer.advance()
    assert not trainer.between_steps
    with pytest.raises(RuntimeError, match="between steps"):
        trainer.state()
    while not trainer.between_steps:
        trainer.advance()
    assert trainer.step == 1
    trainer.state()


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_run_that_diverges_leaves_the_others_as_they_are(by_hand: bool) -> None:
    """Those that are left are what they are without it; after a resume too, which keeps the failed one out."""
    steep = {"nonlin": "relu", "num_layers": 5, "num_hidden": 30, "optimizer": "sgd", "learning_rate": 100, "epochs": 4}
    trainer = Trainer(small(**steep, rules="bp,shallow"), small_set(), by_hand=by_hand)
    records = [record for _ in range(20) for record in next(trainer)]
    assert list(trainer.failed) == [0] and "bp (seed 0) diverged by step" in trainer.failed[0]
    resumed = continued(trainer, by_hand)
    assert resumed.failed == trainer.failed
    records += [record for due in trainer for record in due]
    alone = Trainer(small(**steep, rules="shallow"), small_set(), by_hand=by_hand)
    theirs = [record._replace(run=1) for due in alone for record in due]
    assert plain([record for record in records if record.run == 1]) == plain(theirs)
    for _ in resumed:
        pass
    assert torch.equal(resumed.runs[1].network.readout.weight, alone.runs[0].network.readout.weight)
    assert all(r.value is not None for r in records if r.run == 0 and r.metric.startswith(("train", "test")))
