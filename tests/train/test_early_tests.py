"""Tests within the first epoch: when, at what cost, and that they change nothing else."""

import pytest
import torch
from small_data import plain, small, small_set

from dfa_lab.settings.parsing import parse
from dfa_lab.train import plan
from dfa_lab.train.plan import Plan
from dfa_lab.train.results import Results
from dfa_lab.train.trainer import Trainer


def early(epochs: int, train: int = 60_000, test: int = 10_000, **settings: object) -> list[int]:
    made = Plan(parse({"epochs": epochs, "batch_size": 32, **settings}), train, test=test)
    return [step for step in range(1, made.steps_per_epoch) if made.tests_after(step)]


def test_they_halve_the_first_epoch_as_far_as_the_training_is_long() -> None:
    assert early(1) == [] and early(4) == [937] and early(10) == [234, 468, 937]
    assert early(1000) == [1, 3, 7, 14, 29, 58, 117, 234, 468, 937]
    assert early(20, train=1438, test=359) == [2, 5, 11, 22]


@pytest.mark.parametrize("epochs", [1, 3, 10, 30, 200])
@pytest.mark.parametrize("test", [10, 1000, 10_000])
def test_they_cost_little_beside_the_training(epochs: int, test: int) -> None:
    """In samples passed forward, of which a step counts three times its own: forward, backward, weights."""
    assert len(early(epochs, test=test)) * test <= plan.SPARE_FOR_TESTS * 3 * 60_000 * epochs


def test_nothing_else_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    def trained() -> tuple[Trainer, list, Results]:
        trainer = Trainer(small(rules="bp,dfa", epochs=40, measure_every=3), small_set())
        results = Results(trainer.experiment, trainer.device)
        records = []
        for due in trainer:
            results.add(due)
            records += plain(due)
        return trainer, records, results

    with_them = trained()
    monkeypatch.setattr(plan, "SPARE_FOR_TESTS", 0.0)
    without = trained()
    within = {record.step for record in with_them[1]} & {1, 3}
    assert within == {1, 3}  # of 7 steps an epoch
    extra = [record for record in with_them[1] if record not in without[1]]
    assert {record.step for record in extra} == within and {record.metric for record in extra} == {"test_loss", "test_error"}
    assert [record for record in with_them[1] if record not in extra] == without[1]
    (ours, _), (theirs, _) = with_them[0].state(), without[0].state()
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    rows = [[run["epochs"] for run in results.summary()["runs"]] for _, _, results in (with_them, without)]
    assert len(rows[0][0]) == 40 and [row["epoch"] for row in rows[0][0]] == list(range(1, 41))
    assert [[{k: v for k, v in row.items() if k != "seconds"} for row in run] for run in rows[0]] == [
        [{k: v for k, v in row.items() if k != "seconds"} for row in run] for run in rows[1]
    ]
