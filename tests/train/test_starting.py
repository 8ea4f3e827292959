"""--load: start from the weights and feedback of a saved run."""

from pathlib import Path

import pytest
import torch
from small_data import plain, small, small_set
from torch import Tensor

from dfa_lab.settings.experiment import SettingsError
from dfa_lab.train import checkpoint
from dfa_lab.train.trainer import Trainer


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Trainer]:
    """A file, and the trainer that wrote it: bp, fa and dfa, seeds 0 and 3, after ten steps."""
    trainer = Trainer(small(rules="bp,fa,dfa", seeds="0,3", learning_rate=0.05, batchnorm=1), small_set())
    for _ in range(10):
        next(trainer)
    path = tmp_path_factory.mktemp("kept") / "net.safetensors"
    checkpoint.save(trainer, path)
    return path, trainer


def state(trainer: Trainer, run: int, feedback: bool) -> dict[str, Tensor]:
    one = trainer.runs[run]
    both = one.network.state_dict() | {f"rule.{name}": B for name, B in one.rule.state_dict().items()}
    return {name: t for name, t in both.items() if ("feedback" in name or "rule." in name) is feedback}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_weights_and_feedback_of_the_same_rule_and_seed(kept) -> None:
    path, theirs = kept
    trainer = Trainer(small(rules="dfa,fa,bp", seeds="3,0", load=str(path), batchnorm=1, optimizer="sgd"), small_set())
    assert trainer.step == 0
    for (rule, seed), number in zip(trainer.experiment.runs(), range(6), strict=True):
        there = theirs.experiment.runs().index((rule, seed))
        for feedback in (False, True):
            assert equal(state(trainer, number, feedback), state(theirs, there, feedback)), (rule, seed)
    records = [r for due in trainer for r in due]
    assert trainer.done and records


def test_another_seed_takes_the_rules_first_and_another_rule_the_first_weights(kept) -> None:
    path, theirs = kept
    trainer = Trainer(small(rules="fa,shallow", seeds="9", load=str(path), batchnorm=1), small_set())
    fresh = Trainer(small(rules="fa,shallow", seeds="9", batchnorm=1), small_set())
    assert equal(state(trainer, 0, False), state(theirs, 1, False)) and equal(state(trainer, 0, True), state(theirs, 1, True))
    assert equal(state(trainer, 1, False), state(theirs, 0, False))
    assert not equal(state(trainer, 0, True), state(fresh, 0, True))


def test_feedback_is_the_own_one_where_the_rule_is_new(tmp_path: Path) -> None:
    theirs = Trainer(small(rules="bp"), small_set())
    checkpoint.save(theirs, tmp_path / "bp.safetensors")
    for rule in ("fa", "dfa"):
        trainer = Trainer(small(rules=rule, load=str(tmp_path / "bp.safetensors")), small_set())
        fresh = Trainer(small(rules=rule), small_set())
        assert equal(state(trainer, 0, False), state(theirs, 0, False))
        assert equal(state(trainer, 0, True), state(fresh, 0, True)) and state(fresh, 0, True)


@pytest.mark.parametrize("change", [{"num_hidden": 9}, {"num_layers": 3}, {"batchnorm": 0}])
def test_another_network_is_refused(kept, change: dict) -> None:
    with pytest.raises(SettingsError) as raised:
        Trainer(small(**({"rules": "dfa", "load": str(kept[0]), "batchnorm": 1} | change)), small_set())
    (problem,) = raised.value.problems
    assert problem.startswith("load (--load) is ") and problem.endswith(
        "give a saved run whose network has the same layers and data set as this one."
    )


def test_a_damaged_file_is_refused(kept, tmp_path: Path) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(kept[0].read_bytes()[:-100])
    with pytest.raises(SettingsError, match="cut short or damaged"):
        Trainer(small(load=str(cut), batchnorm=1), small_set())
    with pytest.raises(SettingsError, match=r"load \(--load\) is "):
        Trainer(small(load="nothing-of-this-name"), small_set())


def test_a_resumed_run_does_not_need_what_it_started_from(kept, tmp_path: Path) -> None:
    gone = tmp_path / "gone.safetensors"
    gone.write_bytes(kept[0].read_bytes())
    trainer = Trainer(small(rules="dfa", load=str(gone), batchnorm=1, epochs=2), small_set())
    next(trainer)
    gone.unlink()
    tensors, numbers = trainer.state()
    again = Trainer(trainer.experiment, small_set(), restored=True).restore({k: t.clone() for k, t in tensors.items()}, numbers)
    for ours, others in zip(trainer, again, strict=True):
        assert plain(ours) == plain(others)
