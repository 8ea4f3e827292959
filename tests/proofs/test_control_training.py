"""The control of proof 4, trained to its end: when that is, at which rate, and what is then said of the rules."""

import pytest
import torch

from dfa_lab import data, proofs
from dfa_lab.proofs import Verdict, control_training
from dfa_lab.proofs.control import SoFar, beside_control
from dfa_lab.proofs.verdicts import Promise
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer

SMALL = {"rules": "shallow", "num_hidden": 6, "num_layers": 1, "epochs": 2, "device": "cpu", "threads": 1}


@pytest.fixture(scope="module")
def points() -> data.DataSet:
    return data.load(parse({"dataset": "gaussians"}), torch.device("cpu"))


def errors(points: data.DataSet, rate: float, epochs: int) -> list[float]:
    """The training error in each epoch, from the outputs for every batch before its step."""
    trainer = Trainer(parse({**SMALL, "dataset": "gaussians", "learning_rate": rate, "epochs": epochs}), points)
    wrong = [0] * epochs
    for step in range(trainer.steps):
        x, t = trainer._batches.batch(0, step)
        with torch.no_grad():
            wrong[step * epochs // trainer.steps] += int((trainer.runs[0].network(x).argmax(1) != t).sum())
        next(trainer)
    return [one / len(points.y_train) for one in wrong]


@pytest.mark.parametrize(("patience", "settled"), [(3, True), (20, False)])
def test_it_ends_when_the_error_no_longer_falls_at_the_best_rate(points, monkeypatch, patience, settled):
    monkeypatch.setattr(control_training, "PATIENCE", patience)
    experiment = parse({**SMALL, "dataset": "gaussians", "learning_rate": 1e-4})
    training = proofs.ControlTraining(experiment, 600, points, most_epochs=12)
    list(training)
    best, wanted = training.best, {}
    assert best
    for rate in (1e-4, 3e-4, 1e-3):
        found = errors(points, rate, 12)
        lengths = [n for n in range(patience + 1, 13) if min(found[n - patience : n]) >= min(found[: n - patience])]
        wanted[rate] = (found[(lengths or [12])[0] - 1], (lengths or [12])[0], bool(lengths))
    rate = min(wanted, key=lambda one: wanted[one][0])
    assert best.rate == pytest.approx(rate)
    assert (best.error, best.epochs, best.settled) == wanted[rate]
    assert best.settled == settled
    assert ("no longer fell" in best.words()) == best.settled and f"{best.epochs} epochs" in best.words()


def test_the_sentence_says_which_control_it_was(points):
    experiment = parse({**SMALL, "dataset": "gaussians", "rules": "dfa"})
    plain, longer = (proofs.ShortTraining(experiment, 60, points, to_end=to_end) for to_end in (False, True))
    longer._longer = proofs.ControlTraining(longer.experiment, 60, points, most_epochs=3)
    for training in (plain, longer):
        list(training)
    assert "the control is wrong" in plain.outcome().control["dfa"].finding.reason
    found = longer.outcome()
    assert "the control, trained for 3 epochs at rate" in found.control["dfa"].finding.reason
    assert any(note.startswith("The control: trained for 3 epochs") for note in found.notes)
    assert found.control["shallow"].moved == 0
    assert found.control["dfa"].error == plain.outcome().control["dfa"].error


def test_a_rule_behind_a_control_that_was_trained_for_longer_does_not_fail():
    right, control = torch.tensor([True] * 5 + [False] * 20), torch.tensor([False] * 5 + [True] * 20)
    for longer, wanted in (("", Verdict.FAILS), ("trained for 90 epochs at rate 0.01", Verdict.UNDECIDED)):
        found = beside_control("dfa", Promise.DIRECT, right, control, 0.5, SoFar(10, True, False, longer))
        assert found.finding.verdict is wanted
        assert longer in found.finding.reason
