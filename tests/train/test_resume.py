"""Save and resume between two steps: the continuation is the same, bit for bit."""

import copy
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from small_data import plain, small, small_set
from torch import Tensor

from dfa_lab.records import Record
from dfa_lab.settings.parsing import parse
from dfa_lab.train import checkpoint
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.trainer import Trainer
from tests import children

ROOT = Path(__file__).parents[2]


def rest(trainer: Trainer) -> tuple[list[list[Record]], dict[str, Tensor]]:
    """What is left to be recorded, and the state at the end."""
    return [plain(records) for records in trainer], trainer.state()[0]


def assert_same_state(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    assert not [name for name in one if one[name].dtype != other[name].dtype or not torch.equal(one[name], other[name])]


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_resume_between_any_two_steps(network: str, optimizer: str) -> None:
    if network == "conv":
        settings = {"network": "conv", "dataset": "mnist", "conv_channels": "2,3", "conv_hidden": "6", "epochs": 1}
        dataset = small_set(40, 10, (1, 12, 12))
    else:
        settings, dataset = {"epochs": 2}, small_set()
    experiment = small(
        optimizer=optimizer,
        momentum=0.9 if optimizer == "sgd" else 0,
        learning_rate=0.01,
        measure_every=3,
        init="paper",
        seeds="0,3" if network == "mlp" else "0",
        **settings,
    )
    trainer = Trainer(experiment, dataset)
    recorded: list[list[Record]] = []
    states = []
    for _ in range(trainer.steps + 1):
        tensors, numbers = trainer.state()
        states.append(({name: tensor.clone() for name, tensor in tensors.items()}, json.loads(json.dumps(numbers))))
        if trainer.step < trainer.steps:
            recorded.append(plain(next(trainer)))
    end = trainer.state()[0]
    moved = [name for name in end if "weight" in name and not torch.equal(end[name], states[0][0][name])]
    assert len(moved) >= 3 * len(experiment.seeds)
    for step, (tensors, numbers) in enumerate(states):
        resumed = Trainer(experiment, dataset).restore(tensors, numbers)
        assert resumed.step == step
        later, final = rest(resumed)
        assert later == recorded[step:], f"from step {step}"
        assert_same_state(final, end)


def test_a_changed_learning_rate_and_half_summed_records_are_resumed(monkeypatch) -> None:
    monkeypatch.setattr("dfa_lab.train.plan.MOST_POINTS", 5)
    trainer = Trainer(small(), small_set())
    assert trainer.plan.record_every == 4
    for _ in range(6):
        next(trainer)
    trainer.set_learning_rate(0.05)
    tensors, numbers = trainer.state()
    kept = {name: tensor.clone() for name, tensor in tensors.items()}
    resumed = Trainer(small(), small_set()).restore(kept, numbers)
    assert resumed.learning_rate == 0.05
    assert rest(resumed)[0] == rest(trainer)[0]


CONTINUE = """
import sys
from pathlib import Path
import torch
from dfa_lab.train import checkpoint
torch.set_num_threads(int(sys.argv[1]))
trainer = checkpoint.load(Path(sys.argv[2]))
print(trainer.step)
for records in trainer:
    for record in records:
        print(repr(record._replace(seconds=0.0)))
checkpoint.save(trainer, Path(sys.argv[3]))
"""


def test_a_state_stays_as_it_was_taken() -> None:
    """It may be written down in a thread of its own while the training goes on: what is counted must not change in it."""
    trainer = Trainer(small(epochs=2), small_set())
    for _ in range(3):
        next(trainer)
    _, numbers = trainer.state()
    taken = copy.deepcopy(numbers)
    for _ in range(4):
        next(trainer)
    assert numbers == taken
    assert trainer.state()[1]["wrong"] != taken["wrong"]


def test_through_a_file_in_another_process(tmp_path: Path) -> None:
    experiment = parse(
        {"num_hidden": 12, "epochs": 1, "rules": "fa,dfa", "optimizer": "adam", "device": "cpu", "probe_size": 32}
    )
    trainer = Trainer(experiment)
    for _ in range(11):
        next(trainer)
    checkpoint.save(trainer, tmp_path / "at-11.safetensors")
    files = [str(tmp_path / "at-11.safetensors"), str(tmp_path / "end.safetensors")]
    done = children.run("-c", CONTINUE, str(torch.get_num_threads()), *files)
    assert done.returncode == 0, done.stderr
    step, *lines = done.stdout.splitlines()
    recorded, end = rest(trainer)
    assert step == "11"
    assert lines == [repr(record) for records in recorded for record in records]
    assert_same_state(checkpoint.load(tmp_path / "end.safetensors").state()[0], end)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["at-11.safetensors", "end.safetensors"]


def test_precision_is_kept(tmp_path: Path) -> None:
    trainer = Trainer(parse({"num_hidden": 4, "epochs": 1, "rules": "dfa", "device": "cpu"}), dtype=torch.float64)
    next(trainer)
    checkpoint.save(trainer, tmp_path / "c.safetensors")
    assert_same_state(checkpoint.load(tmp_path / "c.safetensors").state()[0], trainer.state()[0])


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, dict[str, Tensor], dict]:
    """A checkpoint, its tensors and its numbers."""
    trainer = Trainer(
        parse({"num_hidden": 8, "rules": "fa", "device": "cpu", "epochs": 1, "optimizer": "sgd", "momentum": 0.5})
    )
    next(trainer)
    path = tmp_path / "run.safetensors"
    checkpoint.save(trainer, path)
    tensors, numbers = trainer.state()
    return path, {name: tensor.detach().clone() for name, tensor in tensors.items()}, dict(numbers)


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointError) as raised:
        checkpoint.load(path)
    text = str(raised.value)
    assert path.name in text and "\n" not in text and text.endswith(".") and len(text) < 300, text
    return text


def test_a_checkpoint_that_is_cut_short(saved) -> None:
    path = saved[0]
    whole = path.read_bytes()
    for length in (0, 1, 7, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "cut short or damaged" in refusal(path)


@pytest.mark.parametrize("content", [b"hello", b"\x80\x04pickle", b"\x00" * 64, b"\xff" * 5000, b"PK\x03\x04"])
def test_another_kind_of_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.safetensors"
    path.write_bytes(content)
    refusal(path)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nothing.safetensors")
    refusal(tmp_path)


@pytest.mark.parametrize("metadata", [None, {}, {"dfa_lab": "{"}, {"dfa_lab": "[]"}, {"dfa_lab": "{}"}, {"dfa_lab": "7"}])
def test_tensors_of_somebody_else(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    save_file({"weight": torch.zeros(3)}, tmp_path / "foreign.safetensors", metadata=metadata)
    assert "no checkpoint of this lab" in refusal(tmp_path / "foreign.safetensors")


def wrong_network(tensors: dict, numbers: dict) -> None:
    numbers["experiment"] = {**numbers["experiment"], "num_hidden": 9}


def more_layers(tensors: dict, numbers: dict) -> None:
    numbers["experiment"] = {**numbers["experiment"], "num_layers": 3}


def other_rule(tensors: dict, numbers: dict) -> None:
    numbers["experiment"] = {**numbers["experiment"], "rules": ["dfa"]}


def more_rules(tensors: dict, numbers: dict) -> None:
    numbers["experiment"] = {**numbers["experiment"], "rules": ["fa", "bp"]}


def lost_weight(tensors: dict, numbers: dict) -> None:
    del tensors["0.network.readout.weight"]


def lost_sum(tensors: dict, numbers: dict) -> None:
    del tensors["0.clean.sums"]


def wrong_optimizer_shape(tensors: dict, numbers: dict) -> None:
    tensors["0.optimizer.0.momentum_buffer"] = torch.zeros(2, 2)


def optimizer_of_more(tensors: dict, numbers: dict) -> None:
    tensors["0.optimizer.99.momentum_buffer"] = torch.zeros(2, 2)


def negative_step(tensors: dict, numbers: dict) -> None:
    numbers["step"] = -3


def step_past_the_end(tensors: dict, numbers: dict) -> None:
    numbers["step"] = 10**6


def text_step(tensors: dict, numbers: dict) -> None:
    numbers["step"] = "3"


def no_seconds(tensors: dict, numbers: dict) -> None:
    numbers["seconds"] = []


def no_step(tensors: dict, numbers: dict) -> None:
    del numbers["step"]


@pytest.mark.parametrize(
    "spoil",
    [
        wrong_network,
        more_layers,
        other_rule,
        more_rules,
        lost_weight,
        lost_sum,
        wrong_optimizer_shape,
        optimizer_of_more,
        negative_step,
        step_past_the_end,
        text_step,
        no_seconds,
        no_step,
    ],
    ids=lambda spoil: spoil.__name__,
)
def test_the_state_of_another_network(saved, spoil) -> None:
    path, tensors, numbers = saved
    spoil(tensors, numbers)
    save_file(tensors, path, metadata={"dfa_lab": json.dumps(numbers)})
    assert "is not the state of the network it names" in refusal(path)


def test_settings_of_another_version(saved) -> None:
    path, tensors, numbers = saved
    numbers["experiment"] = {**numbers["experiment"], "learning_rate": -1, "depth": 3}
    save_file(tensors, path, metadata={"dfa_lab": json.dumps(numbers)})
    with pytest.raises(CheckpointError, match=r"learning_rate \(--LR\) is -1.*"):
        checkpoint.load(path)
