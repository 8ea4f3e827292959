"""Every setting does something: a short training with it differs from one without. What it does is tested where it is named."""

import pytest
import torch
from small_data import small_set

from dfa_lab.data import DataSet
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer

CONV = {"network": "conv", "conv_channels": "3,4", "conv_hidden": "6", "batch_size": 16}
CHANGES: dict[str, tuple[dict[str, object], object]] = {  # settings both have, the value that one of them has
    "num_layers": ({}, 3),
    "num_hidden": ({}, "8,5"),
    "network": ({"conv_channels": "3", "conv_hidden": "6", "batch_size": 16}, "conv"),
    "conv_channels": (CONV, "3,5"),
    "conv_hidden": (CONV, "7"),
    "nonlin": ({}, "relu"),
    "dropout": ({}, 1),
    "batchnorm": ({}, 1),
    "bias": ({}, 0),
    "max_in_norm": ({}, 0.3),
    "max_out_norm": ({}, 0.3),
    "init": ({}, "paper"),
    "rules": ({}, "dfa"),
    "feedback_magnitude": ({}, 0.7),
    "feedback_scales": ({}, "1,3"),
    "feedback_distribution": ({}, "signs"),
    "feedback_density": ({"feedback_distribution": "sparse"}, 0.5),
    "feedback_rank": ({"feedback_distribution": "low_rank"}, 1),
    "feedback_seed": ({}, 5),
    "exact": ({"epochs": 3}, True),
    "criterion": ({}, "ce"),
    "optimizer": ({}, "adam"),
    "learning_rate": ({}, 0.02),
    "learning_rate_decay": ({}, 0.1),
    "halve_every": ({}, 1),
    "weight_decay": ({}, 0.1),
    "momentum": ({"optimizer": "sgd"}, 0.9),
    "dampening": ({"optimizer": "sgd", "momentum": 0.9}, False),
    "decay_factor": ({"halve_every": 1}, 0.1),
    "schedule": ({}, "cosine"),
    "warm_up": ({}, 1),
    "batch_size": ({}, 7),
    "drop_last": ({}, True),
    "epochs": ({}, 3),
    "eps": ({}, 0.1),
    "accumulate": ({"eps": 0.1}, True),
    "seeds": ({}, 1),
    "precision": ({}, "bf16"),
    "probe_size": ({}, 8),
    "measure_every": ({}, 2),
    "measures": ({}, "angles"),
    "threads": ({}, 2),
    "augment": ({}, True),
}
ELSEWHERE = {  # what needs files, a machine or the data as stored
    "dataset": "tests/data",
    "datapath": "tests/data",
    "download": "tests/data",
    "incomplete": "tests/data",
    "svhn_extra": "tests/data",
    "classes": "tests/data",
    "points": "tests/data",
    "normalization": "tests/data",
    "format": "tests/data",
    "whiten": "tests/data",
    "preproc_folder": "tests/data",
    "hold_out": "tests/data",
    "train_samples": "tests/data",
    "split_seed": "tests/data",
    "models_folder": "tests/networks",
    "redraw": "tests/networks",
    "load": "tests/cli/test_cli_saved.py",
    "save": "tests/cli/test_cli_saved.py",
    "together": "tests/train/stacked",
    "device": "tests/train/test_fitting.py",
    "device_number": "tests/train/test_fitting.py",
    "processes": "tests/processes/test_processes.py",
}


def images() -> DataSet:
    return small_set(42, 11, (1, 8, 8))


def outcome(**settings: object) -> tuple[list[torch.Tensor], list[object]]:
    """Weights at the end, and all that was recorded with how it was trained."""
    given = {
        "dataset": "digits",
        "num_hidden": 8,
        "batch_size": 8,
        "epochs": 2,
        "rules": "fa",
        "probe_size": 16,
        "device": "cpu",
    }
    trainer = Trainer(parse(given | settings), images())
    records = [(r.metric, r.layer, r.value, r.step) for due in trainer for r in due]
    weights = [p.detach().clone() for run in trainer.runs for p in run.network.parameters()]
    return weights, [records, torch.get_num_threads()]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


def test_every_setting_is_listed() -> None:
    assert CHANGES.keys() | ELSEWHERE.keys() == set(Experiment.model_fields)
    assert not CHANGES.keys() & ELSEWHERE.keys()


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_is_not_ignored(name: str) -> None:
    base, value = CHANGES[name]
    before, after = outcome(**base), outcome(**(base | {name: value}))
    if name in ("probe_size", "measure_every", "measures", "threads"):
        assert same(before[0], after[0])
        assert before[1] != after[1]
    else:
        assert not same(before[0], after[0])


def test_the_same_settings_train_the_same() -> None:
    """Or the test above would pass whatever a setting does."""
    for settings in ({}, {"dropout": 1, "eps": 0.1, "batchnorm": 1}, {"augment": True}, {"precision": "bf16"}):
        (weights, records), (others, again) = outcome(**settings), outcome(**settings)
        assert same(weights, others) and records == again
