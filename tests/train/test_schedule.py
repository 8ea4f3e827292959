"""How the learning rate falls, and when a run ends early: against the formulas."""

from math import cos, pi

import pytest
import torch
from small_data import continued, plain, small, small_set
from torch.optim import lr_scheduler

from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.train.midway import go_on
from dfa_lab.train.run import Run
from dfa_lab.train.schedule import Schedule
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.trainer import Trainer


def rates(by_hand: bool = True, **settings: object) -> list[float]:
    """Of every step of the only run."""
    return used_by(Trainer(small(rules="dfa", learning_rate=0.01, **settings), small_set(), by_hand=by_hand))


def used_by(trainer: Trainer) -> list[float]:
    """The rates of the steps that are left to the only run of a trainer."""
    found, used = [], []
    run = trainer.runs[0]
    add = run.clean.add
    run.clean.add = lambda y, t: (used.append(run.optimizer.param_groups[0]["lr"]), add(y, t))[1]  # type: ignore[method-assign]
    for _ in trainer:
        found.append(used.pop())
    return found


def test_constant() -> None:
    assert rates() == [0.01] * 21


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_decay_by_steps_whatever_the_optimiser(optimizer: str) -> None:
    assert rates(LRDecay=0.5, optimizer=optimizer) == pytest.approx([0.01 / (1 + 0.5 * t) for t in range(21)])


def test_exactly_as_the_reference_rmsprop_knows_no_decay() -> None:
    assert rates(LRDecay=0.5, exact=True) == [0.01] * 14  # one epoch less
    assert rates(LRDecay=0.5, exact=True, optimizer="adam")[1] == pytest.approx(0.01 / 1.5)


def test_halved_every_so_many_epochs() -> None:
    assert rates(epoch_step=1) == [0.01] * 7 + [0.005] * 7 + [0.0025] * 7
    assert rates(epoch_step=2) == [0.01] * 14 + [0.005] * 7


def test_halved_when_the_error_stops_falling() -> None:
    """ema = ¾·ema + ¼·error from 1; halved whenever an epoch's error is not below it; over at the eighth time."""
    schedule = Schedule(parse({"epoch_step": 0}))
    errors = [0.9, 0.5, 0.6, 0.7, 0.75, 0.2, 0.75] + [0.9] * 20
    mean, halvings = 1.0, 0
    for number, error in enumerate(errors, start=1):
        mean = 0.75 * mean + 0.25 * error
        halvings += error >= mean
        schedule.after_epoch(number, error)
        assert (schedule.mean_error, schedule.halvings) == (pytest.approx(mean), halvings)
        assert schedule.factor(5) == 0.5**halvings
        assert schedule.ended is (halvings >= 8)
        if schedule.ended:
            break
    assert schedule.ended and halvings == 8


def test_over_when_nothing_is_left_to_learn() -> None:
    schedule = Schedule(parse({"epoch_step": 0}))
    epochs = 0
    while not schedule.ended:
        epochs += 1
        schedule.after_epoch(epochs, 0.0)
    assert epochs == 33 and 0.75**32 > 1e-4 >= 0.75**33


def test_the_reference_looks_before_it_halves_and_so_ends_an_epoch_later() -> None:
    ends = {}
    for exact in (False, True):
        schedule = Schedule(parse({"epoch_step": 0, "epochs": 100, "exact": exact}))
        epochs = 0
        while not schedule.ended:
            epochs += 1
            schedule.after_epoch(epochs, 1.0)
        assert schedule.halvings == 8
        ends[exact] = epochs
    assert ends == {False: 8, True: 9}


ENDS = [
    ({}, False),
    ({"exact": True}, True),
    ({"exact": True, "epoch_step": 90}, False),
    ({"exact": True, "epochs": -1}, False),
]


@pytest.mark.parametrize(("settings", "ends"), ENDS)
def test_without_automatic_steps_only_the_reference_looks_for_the_end(settings: dict, ends: bool) -> None:
    schedule = Schedule(parse({"epochs": 80, **settings}))
    for epoch in range(1, 60):
        schedule.after_epoch(epoch, 0.0)
    assert schedule.ended is ends


def test_a_run_that_has_ended_leaves_the_others_going() -> None:
    experiment = small(rules="bp,dfa", epoch_step=0, epochs=5)
    trainer = Trainer(experiment, small_set())
    ends = trainer.runs[0].schedule
    real = ends.after_epoch

    def after_epoch(epochs: int, error: float) -> None:
        real(epochs, error)
        ends.ended = epochs == 2

    ends.after_epoch = after_epoch  # type: ignore[method-assign]
    records = [r for due in trainer for r in due]
    assert trainer.step == trainer.steps and trainer.done
    last = {run: max(r.step for r in records if r.run == run) for run in (0, 1)}
    assert last == {0: 14, 1: 35}
    final = [r.metric for r in records if r.run == 0 and r.step == 14]
    assert {"test_error", "train_error", "gradient_angle"} <= set(final)


def test_all_ended_is_the_end_and_it_resumes_there() -> None:
    experiment = small(rules="bp,dfa", epoch_step=0, epochs=1000, learning_rate=0.3, seed=2)
    trainer = Trainer(experiment, small_set())
    for _ in range(100):
        next(trainer)
    resumed = continued(trainer)
    assert [plain(r) for r in trainer] == [plain(r) for r in resumed]
    assert trainer.done and resumed.done and trainer.step == resumed.step < trainer.steps
    assert [run.schedule.halvings for run in resumed.runs] == [8, 8]
    with pytest.raises(StopIteration):
        next(trainer)


def test_the_error_it_looks_at_is_that_of_what_was_trained_on() -> None:
    """The whole epoch's, and of the moved batches in adversarial training."""
    seen: list[float] = []
    for eps in (0, 0.3):
        trainer = Trainer(small(rules="bp", epoch_step=0, epochs=2, eps=eps), small_set())
        seen.clear()
        trainer.runs[0].schedule.after_epoch = lambda epochs, train_error: seen.append(train_error)
        records = [r for due in trainer for r in due]
        metric = "train_error_adversarial" if eps else "train_error"
        found = [r for r in records if r.metric == metric]
        sizes = [8, 8, 8, 8, 8, 8, 2]
        wanted = [sum((r.value or 0) * n for r, n in zip(found[i : i + 7], sizes, strict=True)) / 50 for i in (0, 7)]
        assert seen == pytest.approx(wanted)


def test_a_learning_rate_changed_while_running_keeps_its_schedule() -> None:
    trainer = Trainer(small(rules="bp", LRDecay=1.0, epoch_step=1), small_set())
    for _ in range(7):
        next(trainer)
    trainer.set_learning_rate(0.4)
    next(trainer)
    assert trainer.runs[0].optimizer.param_groups[0]["lr"] == pytest.approx(0.4 * 0.5 / 8)


def test_another_factor_than_a_half() -> None:
    schedule = Schedule(parse({"epoch_step": 2, "decay_factor": 0.1}))
    for epoch in range(1, 5):
        schedule.after_epoch(epoch, 0.5)
    assert schedule.factor(0) == pytest.approx(0.01)
    restored = Schedule(parse({"epoch_step": 2, "decay_factor": 0.1}))
    restored.restore(schedule.state())
    assert restored.factor(7) == schedule.factor(7)


def torchs(optimizer: torch.optim.Optimizer, schedule: str, warm: int, steps: int = 21) -> lr_scheduler.LRScheduler:
    """torch's own scheduler of the same name, after a warm-up of so many steps."""
    left = steps - warm
    after = {
        "constant": lambda: lr_scheduler.ConstantLR(optimizer, 1.0),
        "cosine": lambda: lr_scheduler.CosineAnnealingLR(optimizer, left),
        "linear": lambda: lr_scheduler.LinearLR(optimizer, 1.0, 0.0, left),
    }[schedule]
    if not warm:
        return after()
    rise = lr_scheduler.LinearLR(optimizer, 1 / warm, 1.0, warm - 1)
    return lr_scheduler.SequentialLR(optimizer, [rise, after()], [warm])


SHAPES = [("cosine", 0), ("linear", 0), ("constant", 1), ("cosine", 1), ("linear", 2)]


@pytest.mark.parametrize(("schedule", "warm_up"), SHAPES)
def test_each_rate_is_that_of_torchs_scheduler(schedule: str, warm_up: int) -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.01)
    scheduler = torchs(optimizer, schedule, 7 * warm_up)
    wanted = []
    for _ in range(21):
        wanted.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates(schedule=schedule, warm_up=warm_up) == pytest.approx(wanted, rel=1e-12)
    assert len(set(wanted)) > 7


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "nadam", "muon"])
@pytest.mark.parametrize("by_hand", [True, False])
def test_what_it_trains_is_what_torchs_optimiser_and_scheduler_train(optimizer: str, by_hand: bool) -> None:
    settings = {"rules": "bp", "optimizer": optimizer, "learning_rate": 0.1, "weight_decay": 0.01}
    trainer = Trainer(small(**settings, schedule="cosine", warm_up=1), small_set(), torch.float64, by_hand=by_hand)
    alone = Trainer(small(**settings), small_set(), torch.float64)
    run = alone.runs[0]  # its own schedule never sets the rate
    scheduler = torchs(run.optimizer, "cosine", 7)
    for _ in range(21):
        run.step(*trainer.next_batch(0))
        scheduler.step()
        next(trainer)
    for mine, theirs in zip(trainer.runs[0].network.parameters(), run.network.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-12)


def test_all_that_changes_the_rate_is_multiplied() -> None:
    cosine = [(1 + cos(pi * t / 21)) / 2 for t in range(21)]
    found = rates(schedule="cosine", LRDecay=0.5, epoch_step=1)
    assert found == pytest.approx([0.01 * cosine[t] / (1 + 0.5 * t) * 0.5 ** (t // 7) for t in range(21)])
    trainer = Trainer(small(rules="bp", schedule="cosine"), small_set())
    for _ in range(8):
        next(trainer)
    trainer.set_learning_rate(0.4)
    next(trainer)
    assert trainer.runs[0].optimizer.param_groups[0]["lr"] == pytest.approx(0.4 * cosine[8])


def test_a_warm_up_of_a_part_of_an_epoch() -> None:
    warm = 0.35 * 7
    later = [(1 + cos(pi * (t - warm) / (21 - warm))) / 2 for t in range(3, 21)]
    wanted = [0.01 * factor for factor in (1 / warm, 2 / warm, 1, *later)]
    assert rates(schedule="cosine", warm_up=0.35) == pytest.approx(wanted)
    assert rates(warm_up=0.1) == [0.01] * 21  # shorter than a step


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize("steps", [4, 16])  # within the rise, and within the fall
def test_a_rise_and_a_fall_are_resumed_bit_for_bit(steps: int, by_hand: bool) -> None:
    trainer = Trainer(small(schedule="linear", warm_up=1, optimizer="adamw"), small_set(), by_hand=by_hand)
    for _ in range(steps):
        next(trainer)
    resumed = continued(trainer, by_hand)
    assert [plain(r) for r in resumed] == [plain(r) for r in trainer]
    ends = resumed.state()[0], trainer.state()[0]
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[1])


def test_with_other_epochs_the_fall_is_that_over_all_of_these_from_there_on() -> None:
    trainer = Trainer(small(schedule="cosine", rules="bp"), small_set())
    for _ in trainer:
        pass
    assert trainer.runs[0].optimizer.param_groups[0]["lr"] == 0
    longer = go_on(*trainer.state(), trainer.experiment, small(schedule="cosine", rules="bp", epochs=6), dataset=trainer.data)
    assert used_by(longer) == pytest.approx([1e-3 * (1 + cos(pi * t / 42)) / 2 for t in range(21, 42)])


def test_while_the_rate_changes_no_graph_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The decision, which is made on a GPU."""
    monkeypatch.setattr(Fleet, "on_gpu", True)

    def recorded(**settings: object) -> list[bool]:
        experiment = small(rules="bp", optimizer="sgd", **settings)
        run = Run(experiment, "bp", 0, (6,), 3, torch.device("cpu"), torch.float32, 4)
        return [Fleet([run])._repeats(step) for step in range(12)]

    assert recorded() == [True] * 12
    assert recorded(warm_up=1.5) == [False] * 6 + [True] * 6
    assert recorded(schedule="linear") == recorded(LRDecay=0.1) == [False] * 12


def test_what_counts_epochs_is_told_how_long_they_are() -> None:
    for settings in ({"schedule": "cosine"}, {"warm_up": 1}):
        with pytest.raises(ValueError, match="how many steps"):
            Schedule(parse(settings))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"schedule": "cosine", "epochs": -1},
            "schedule (--schedule) is cosine: give constant with epochs (--epoch) -1, since the learning rate can fall "
            "to 0 only where there is an end, or another number of epochs.",
        ),
        ({"warm_up": 5, "epochs": 5}, "warm_up (--warm_up) is 5: give less than 5, the number of epochs (--epoch)."),
    ],
)
def test_what_has_no_end_or_no_room_is_refused(settings: dict, problem: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse(settings)
    assert raised.value.problems == [problem]


EXACT = [
    *(("decay_factor", "0.3", "0.5"), ("dampening", "false", "true")),
    *(("schedule", "cosine", "constant"), ("warm_up", "1.0", "0")),
]


@pytest.mark.parametrize(("name", "value", "only"), EXACT)
def test_exact_takes_what_dfa_torch_has(name: str, value: str, only: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse({"exact": True, name: value})
    wanted = f"{name} (--{name}) is {value}: give {only} with exact (--exact), since dfa-torch knows no other."
    assert raised.value.problems == [wanted]
