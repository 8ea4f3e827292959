"""Feedback is flipped, drawn anew and broken while it trains: between two steps, noted, and kept by checkpoints."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from patience import state, status, tiny, until, until_state, until_step
from torch import Tensor

from dfa_lab.feedback.changing import WORDS, Change, delivering, step_of
from dfa_lab.records import Record
from dfa_lab.runs.manager import Manager
from dfa_lab.train import checkpoint
from dfa_lab.train.trainer import Trainer

RULES = "bp,fa,dfa,shallow"


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path)
    yield manager
    manager.close()


def matrices(trainer: Trainer) -> dict[tuple[str, int], Tensor]:
    """Copies of every B, by rule and block."""
    return {
        (rule, block): B.clone()
        for (rule, _), run in zip(trainer.experiment.runs(), trainer.runs, strict=True)
        for block, B in run.rule.matrices(run.network).items()
    }


def changed(before: dict, after: dict) -> set[tuple[str, int]]:
    return {which for which in before if not torch.equal(before[which], after[which])}


def stepped(**settings: object) -> Trainer:
    trainer = Trainer(tiny(rules=RULES, num_layers=3, **settings))
    for _ in range(3):
        next(trainer)
    return trainer


def test_only_the_matrix_that_is_named_changes() -> None:
    trainer = stepped()
    before = matrices(trainer)
    assert trainer.change_feedback(Change("flip", 2, "dfa")) == ["dfa"]
    flipped = matrices(trainer)
    assert changed(before, flipped) == {("dfa", 2)}
    assert torch.equal(flipped["dfa", 2], -before["dfa", 2])
    assert trainer.change_feedback(Change("break", 1)) == ["fa", "dfa"]
    broken = matrices(trainer)
    assert changed(flipped, broken) == {("fa", 1), ("dfa", 1)} and not broken["fa", 1].any()
    assert trainer.change_feedback(Change("redraw", 3)) == ["fa", "dfa"]
    redrawn = matrices(trainer)
    assert changed(broken, redrawn) == {("fa", 3), ("dfa", 3)}
    assert torch.equal(redrawn["fa", 3], redrawn["dfa", 3])  # the readout's: still one draw for both
    assert float(redrawn["dfa", 3].abs().max()) <= 6**-0.5
    trainer.change_feedback(Change("redraw", 3))
    assert changed(redrawn, matrices(trainer)) == {("fa", 3), ("dfa", 3)}  # other numbers every time
    next(trainer)


def test_one_sign_or_what_one_unit_receives_changes_and_nothing_else() -> None:
    trainer = stepped()
    before = matrices(trainer)
    assert trainer.change_feedback(Change("flip", 2, "dfa", unit=3, row=5)) == ["dfa"]
    one = matrices(trainer)
    assert changed(before, one) == {("dfa", 2)}
    expected = before["dfa", 2].clone()
    expected[4, 2] *= -1
    assert torch.equal(one["dfa", 2], expected)
    assert trainer.change_feedback(Change("break", 1, unit=6)) == ["fa", "dfa"]
    broken = matrices(trainer)
    for rule in ("fa", "dfa"):
        expected = one[rule, 1].clone()
        expected[:, 5] = 0
        assert torch.equal(broken[rule, 1], expected)
    trainer.change_feedback(Change("redraw", 1, "fa", unit=2))
    drawn = matrices(trainer)
    assert (drawn["fa", 1] != broken["fa", 1]).any(0).tolist() == [number == 1 for number in range(6)]
    trainer.change_feedback(Change("flip", 2, "dfa", unit=3, row=5))
    assert torch.equal(matrices(trainer)["dfa", 2], before["dfa", 2])  # twice is as it was


def test_a_part_that_a_matrix_does_not_have_is_left_as_it_is() -> None:
    trainer = stepped()
    before = matrices(trainer)
    for unit, row in ((7, 0), (1, 11)):
        assert trainer.change_feedback(Change("flip", 1, unit=unit, row=row)) == []
    assert trainer.change_feedback(Change("flip", 1, unit=1, row=9)) == ["dfa"]  # fa's B has only 6 rows
    assert changed(before, matrices(trainer)) == {("dfa", 1)}


def test_of_a_kernel_the_column_is_an_input_channel_at_a_place() -> None:
    trainer = Trainer(tiny(rules="fa", network="conv", conv_channels="2,3", conv_hidden=5))
    before = matrices(trainer)["fa", 1]
    assert before.ndim == 4
    trainer.change_feedback(Change("flip", 1, unit=2, row=3))
    after = matrices(trainer)["fa", 1]
    assert (after != before).nonzero().tolist() == [[2, 0, 0, 1]] and torch.equal(after.abs(), before.abs())


def test_what_has_no_feedback_is_left_as_it_is() -> None:
    trainer = stepped()
    before = {name: tensor.clone() for name, tensor in trainer.state()[0].items()}
    for change in (Change("flip", 1, "bp"), Change("redraw", 2, "shallow"), Change("break", 9), Change("flip", 0)):
        assert trainer.change_feedback(change) == []
    assert all(torch.equal(tensor, before[name]) for name, tensor in trainer.state()[0].items())
    with pytest.raises(ValueError, match="bend"):
        trainer.change_feedback(Change("bend", 1))


def test_a_network_with_two_layers_in_a_block_has_all_its_feedback_found(make_run) -> None:
    from torch import nn

    from dfa_lab.feedback.rules.fa import Fa
    from dfa_lab.networks import Network
    from dfa_lab.networks.layers import Linear

    blocks: list[nn.Module] = [nn.Sequential(Linear(4, 5)), nn.Sequential(Linear(5, 5), nn.Tanh(), Linear(5, 5))]
    network = Network(blocks, (4,), 3)
    rule = Fa(network, 0.5, lambda number, shape, bound: torch.full(shape, bound))
    assert [len(delivering(rule, network, block)) for block in (0, 1, 2, 3)] == [0, 2, 1, 0]


def test_flipped_it_unlearns_and_recovers_and_broken_it_stops() -> None:
    trainer = Trainer(tiny(rules="dfa", num_layers=1, num_hidden=40, batch_size=64, learning_rate=0.005, measure_every=20))

    records: list[Record] = []

    def angle(steps: int) -> float:
        for _ in range(steps):
            records[:] = next(trainer)
        return next(r.value for r in records if r.metric == "signal_angle" and r.value is not None)

    learned = angle(40)
    trainer.change_feedback(Change("flip", 1))
    flipped, recovered = angle(20), angle(300)
    print(learned, flipped, recovered)
    assert learned < 75 and flipped > 105 and recovered < 75
    trainer.change_feedback(Change("break", 1))
    W = trainer.runs[0].network.weights()[0][1]
    next(trainer)
    before, top = W.detach().clone(), trainer.runs[0].network.readout.weight.detach().clone()
    next(trainer)
    assert torch.equal(before, W) and not torch.equal(top, trainer.runs[0].network.readout.weight)


@pytest.mark.parametrize("distribution", ["uniform", "shared"])
def test_it_is_resumed_bit_for_bit(distribution: str, tmp_path: Path) -> None:
    trainer = stepped(feedback_distribution=distribution)
    trainer.change_feedback(Change("flip", 2))
    trainer.change_feedback(Change("redraw", 1))
    checkpoint.save(trainer, tmp_path / "kept.safetensors")
    resumed = checkpoint.load(tmp_path / "kept.safetensors")
    for one in (trainer, resumed):
        next(one)
        one.change_feedback(Change("redraw", 1))  # the second one: its numbers are not those of the first
        next(one)
    (mine, numbers), (theirs, again) = trainer.state(), resumed.state()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in mine.items())
    assert numbers["redraws"] == again["redraws"] == 2
    older = json.loads(json.dumps({name: value for name, value in numbers.items() if name != "redraws"}))
    assert resumed.restore({name: tensor.clone() for name, tensor in mine.items()}, older).redraws == 0


def test_while_it_runs_and_while_it_waits(manager: Manager) -> None:
    id = manager.start(tiny(rules=RULES))
    until_step(manager, id, 3)
    before = manager.look(id, matrices)
    manager.change_feedback(id, Change("flip", 1, "dfa"))
    after = manager.look(id, matrices)
    assert before and after and changed(before, after) == {("dfa", 1)}
    step = status(manager, id).step
    until_step(manager, id, step + 3)
    manager.pause(id)
    until_state(manager, id, "paused")
    manager.change_feedback(id, Change("break", 2))
    manager.change_feedback(id, Change("flip", 1, "bp"))  # of no effect, so nothing is noted
    broken = manager.look(id, matrices)
    assert broken and not broken["fa", 2].any() and not broken["dfa", 2].any()  # at once, though nothing moves
    step = status(manager, id).step
    manager.step(id)
    until_step(manager, id, step + 1)
    texts = [event.text for event in manager.store.events(id) if event.kind == "knob"]
    assert [text.partition(" the ")[2] for text in texts] == [
        "feedback to block 1 changed its sign in dfa.",
        "feedback to block 2 was set to zero in fa, dfa.",
    ]
    assert [step_of(text) for text in texts][1] == step and step_of("learning_rate = 1") is None
    assert state(manager, id) == "paused"


def test_every_change_has_its_words() -> None:
    for how in WORDS:
        for unit, row in ((0, 0), (4, 0), (4, 2)):
            assert step_of(Change(how, 3, unit=unit, row=row).text(["fa"], 17)) == 17
    text = Change("flip", 3, "fa", unit=4, row=2).text(["fa"], 17)
    assert text == "After step 17 the feedback to block 3, unit 4 from row 2, changed its sign in fa."


def test_a_copy_takes_over_what_was_changed(manager: Manager) -> None:
    id = manager.start(tiny(rules="dfa"), paused=True)
    until_state(manager, id, "paused")
    manager.change_feedback(id, Change("flip", 1))
    copy = manager.fork(id, paused=True)
    until_state(manager, copy, "paused")
    mine, theirs = manager.look(id, matrices), manager.look(copy, matrices)
    assert mine and theirs and not changed(mine, theirs)
    first = matrices(Trainer(tiny(rules="dfa")))
    assert changed(first, theirs) == {("dfa", 1)}


def test_a_change_that_is_asked_for_while_loading_is_done_before_the_first_step(manager: Manager) -> None:
    id = manager.start(tiny(rules="dfa"))
    manager.change_feedback(id, Change("break", 1))
    until_step(manager, id, 1)
    found = manager.look(id, matrices)
    assert found and not found["dfa", 1].any()


def test_it_is_still_so_after_the_server_was_stopped(tmp_path: Path) -> None:
    manager = Manager(tmp_path)
    id = manager.start(tiny(rules="dfa"), keep=True, title="kept")
    until_step(manager, id, 3)
    manager.pause(id)
    kept = manager.store.folder / "checkpoints" / f"{id}.safetensors"
    until(lambda: kept.is_file() and checkpoint.read(kept)[1]["step"] == status(manager, id).step)
    manager.change_feedback(id, Change("break", 1))
    # the step is that of the last checkpoint; another one is written nevertheless
    until(lambda: not checkpoint.read(kept)[0]["0.rule.B1"].any())
    manager.close()
    manager = Manager(tmp_path)
    manager.continue_stored(id)
    manager.resume(id)
    until_step(manager, id, status(manager, id).step + 1)
    found = manager.look(id, matrices)
    manager.close()
    assert found and not found["dfa", 1].any()


def test_what_has_ended_is_left_alone(manager: Manager) -> None:
    id = manager.start(tiny(rules="dfa"))
    until_step(manager, id, 1)
    manager.stop(id)
    until(lambda: manager._lives[id].trainer is None)
    manager.change_feedback(id, Change("flip", 1))
    manager.change_feedback("nothing", Change("flip", 1))
