"""Experiments of a trainer alone: all rules with networks, optimisers, criteria and options of every kind, in few steps."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from recording import Recording, copied, lasting, without_seconds

from dfa_lab import Diverged, Results, Trainer, parse
from dfa_lab.feedback.changing import Change
from dfa_lab.settings.experiment import Experiment

Settings = dict[str, object]
# the made-up sets are small; a version before this setting takes them without it
FEW: Settings = {"incomplete": 1} if "incomplete" in Experiment.model_fields else {}
Act = Callable[[Trainer], Trainer | None]  # between two steps; gives the trainer to go on with, where that is another


@dataclass(frozen=True)
class Plain:
    """One experiment: settings, how the Trainer is made, and what is done between two steps, by how many are done before."""

    settings: Settings
    dtype: torch.dtype = torch.float32
    by_hand: bool = True
    acts: dict[int, Act] = field(default_factory=dict)


def taken_up(trainer: Trainer) -> Trainer:
    """Another trainer that goes on from this one's state."""
    tensors, numbers = trainer.state()
    other = Trainer(trainer.experiment, dtype=trainer.dtype, restored=True)
    return other.restore(copied(tensors), json.loads(json.dumps(numbers)))


def other_rate(trainer: Trainer) -> None:
    trainer.set_learning_rate(5e-4)


def other_feedback(how: str, block: int, rule: str = "", unit: int = 0, row: int = 0) -> Act:
    """An act that changes the feedback so, of one rule or of all."""

    def act(trainer: Trainer) -> None:
        trainer.change_feedback(Change(how, block, rule, unit, row))

    return act


ALL = "bp,fa,dfa,shallow"
SMALL: Settings = {"device": "cpu", "threads": 1, "rules": ALL, "epochs": 3}  # unless an experiment says otherwise
CONV: Settings = {"network": "conv", "conv_channels": "4,6", "conv_hidden": "24"}
SEVERAL: Settings = {"num_hidden": 150, "seeds": "0,1,2", "max_in_norm": 2, "dropout": 1}
STEEP: Settings = {"optimizer": "sgd", "nonlin": "relu", "num_layers": 5, "seeds": "0,1"}
# So many steps that not each of them is recorded, and that measuring follows other rules.
LONG: Settings = {"dataset": "spirals", "batch_size": 8, "epochs": 20}

PLAIN = {
    "rmsprop-bce": Plain({"seeds": "0,1"}),
    "sgd-ce": Plain(
        {
            **{"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.1, "weight_decay": 1e-4, "criterion": "ce"},
            **{"nonlin": "relu", "feedback_distribution": "normal", "epochs": 4},
        }
    ),
    "nag-sigmoid": Plain(
        {
            **{"optimizer": "nag", "momentum": 0.9, "learning_rate": 0.05, "nonlin": "sigmoid", "max_out_norm": 1.5},
            **{"feedback_distribution": "signs", "measures": "angles,update"},
        }
    ),
    "adam-deep": Plain(
        {
            **{"optimizer": "adam", "criterion": "ce", "num_layers": 6, "num_hidden": 40, "feedback_distribution": "shared"},
            **{"measure_every": 5, "probe_size": 32},
        }
    ),
    "adagrad-falling-rate": Plain(
        {
            **{"optimizer": "adagrad", "learning_rate": 0.01, "learning_rate_decay": 1e-2, "batch_size": 100},
            **{"drop_last": 1, "feedback_distribution": "orthogonal", "feedback_seed": 5, "seeds": "3,4"},
        }
    ),
    "adadelta-halving": Plain(
        {
            **{"optimizer": "adadelta", "learning_rate": 1, "halve_every": 1, "feedback_distribution": "sparse"},
            **{"feedback_density": 0.3},
        }
    ),
    "adamax-weight-decay": Plain(
        {
            **{"optimizer": "adamax", "weight_decay": 1e-3, "feedback_distribution": "low_rank", "feedback_rank": 3},
            **{"feedback_magnitude": 0.2, "normalization": "channel"},
        }
    ),
    "rprop-weight-decay": Plain({"optimizer": "rprop", "weight_decay": 1e-3, "batch_size": 479, "epochs": 8}),
    "batchnorm": Plain({"batchnorm": 1, "nonlin": "relu", "criterion": "ce", "optimizer": "adam", "bias": 0}),
    "dropout": Plain({"dropout": 1, "max_in_norm": 1, "max_out_norm": 1, "measure_every": 10}),
    "adversarial": Plain({"eps": 0.1, "criterion": "ce", "optimizer": "sgd", "learning_rate": 0.1, "nonlin": "relu"}),
    "adversarial-accumulate": Plain({"eps": 0.05, "accumulate": 1, "dropout": 1, "measure_every": 11}),
    "exact": Plain(
        {
            **{"exact": 1, "epochs": 4, "max_in_norm": 1.5, "max_out_norm": 2, "bias": 0, "learning_rate_decay": 1e-3},
            "seeds": "0,2",
        }
    ),
    "exact-ce-adversarial": Plain(
        {"exact": 1, "epochs": 4, "criterion": "ce", "eps": 0.1, "accumulate": 1, "halve_every": 0, "optimizer": "rprop"}
    ),
    "exact-conv": Plain({**CONV, "exact": 1, "eps": 0.1, "batchnorm": 1, "max_in_norm": 1}),
    "whiten-mnist": Plain({"dataset": "mnist", **FEW, "whiten": 1, "validate": 1, "split_seed": 3, "nonlin": "relu"}),
    "whiten-exact": Plain({"whiten": 1, "exact": 1, "validate": 1, "optimizer": "asgd", "epochs": 4}),
    "augment-cifar": Plain({"dataset": "cifar10", **FEW, "format": "yuv", "augment": 1, "normalization": "image"}),
    "bf16": Plain({"precision": "bf16", "criterion": "ce", "nonlin": "relu", "seeds": "0,1"}),
    "float64": Plain({"measure_every": 3, "num_layers": 3, "criterion": "ce"}, dtype=torch.float64),
    "autograd": Plain({"dropout": 2, "batchnorm": 1, "nonlin": "sigmoid"}, by_hand=False),
    "together-always": Plain({**SEVERAL, "together": "always"}),
    "together-never": Plain({**SEVERAL, "together": "never"}),
    "paper-start": Plain({"init": "paper", "rules": "bp,fa,dfa", "seeds": "0,1", "normalization": "simple"}),
    "conv": Plain({**CONV, "nonlin": "relu", "criterion": "ce", "optimizer": "adam", "measure_every": 6}),
    "conv-cifar": Plain(
        {
            **FEW,
            **{"dataset": "cifar10", "network": "conv", "conv_channels": "4,6,8", "conv_hidden": "30,20", "threads": 0},
            **{"batchnorm": 2, "dropout": 2, "augment": 1, "optimizer": "nag", "momentum": 0.9, "batch_size": 32},
            "normalization": "simple",
        }
    ),
    "own-network": Plain(
        {"network": "residual.py", "models_folder": "examples", "num_hidden": 30, "optimizer": "adam", "criterion": "ce"}
    ),
    "points-until-learnt": Plain({"dataset": "points", "halve_every": 0, "epochs": 60, "learning_rate": 0.01}),
    "spirals-asgd-long": Plain({**LONG, "classes": 5, "optimizer": "asgd", "learning_rate": 0.1, "num_layers": 3}),
    "diverging-among-others": Plain({**STEEP, "learning_rate": 20}),
    "diverging-all": Plain({**STEEP, "learning_rate": 60, "rules": "bp,dfa"}),
    "changed-midway": Plain(
        {"optimizer": "adam", "num_layers": 3, "seeds": "0,1", "measure_every": 9},
        acts={
            10: other_rate,
            15: other_feedback("flip", 1),
            20: other_feedback("redraw", 2, "dfa"),
            25: other_feedback("break", 1, "fa", 3),
            30: taken_up,
            35: other_feedback("redraw", 3),
            40: other_feedback("flip", 2, "", 4, 5),
        },
    ),
}


def plain(asked: Plain) -> Recording:
    """Train a trainer as asked: its records, its state, and what the command line would have written to --json."""
    experiment = parse({**SMALL, **asked.settings})
    trainer = Trainer(experiment, dtype=asked.dtype, by_hand=asked.by_hand)
    results = Results(experiment, trainer.device)
    records, sentence = [], ""
    while True:
        if act := asked.acts.get(trainer.step):
            trainer = act(trainer) or trainer
        try:
            new = next(trainer)
        except StopIteration:
            break
        except Diverged as error:
            sentence = str(error)
            break
        results.add(new)
        records += new
    figures: dict[str, Any] = {"sentence": sentence, "step": trainer.step, "summary": lasting(results.summary())}
    if sentence:  # within a step, where there is no state
        return Recording(without_seconds(records), {}, figures)
    tensors, numbers = trainer.state()
    return Recording(without_seconds(records), tensors, {**figures, "numbers": lasting(numbers)})
