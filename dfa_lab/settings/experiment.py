"""Experiment: every setting once, with its type, bounds, unit, help text and the reference's flag (settings/).

The form, the command line, the link, the stored run and the docs are derived from these fields, and so are the
sentences that refuse a value (wording.py). Settings that come from a person enter through parsing.py.
"""

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Self

from pydantic import ConfigDict, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from dfa_lab.settings import point_text
from dfa_lab.settings.data_settings import DATASETS, ON_DISK, DataSettings
from dfa_lab.settings.knob import extra
from dfa_lab.settings.measure_settings import MeasuringSettings
from dfa_lab.settings.network_settings import NETWORKS, NetworkSettings
from dfa_lab.settings.rule_settings import RULES, RuleSettings
from dfa_lab.settings.training_settings import MOST_EPOCHS, NOT_IN_TORCH7, TrainingSettings

__all__ = ["DATASETS", "MOST_RUNS", "NETWORKS", "ON_DISK", "RULES", "Experiment", "SettingsError", "extra"]

MOST_RUNS = 32  # rules x seeds of one experiment
SPELLED = {  # the reference's spellings of values, and usual ones
    "sigm": "sigmoid",
    "fashionmnist": "fashion_mnist",
    "float": "cpu",
    "fp32": "float32",
    "bfloat16": "bf16",
}
WITH_EXACT = {  # what settings have to be, since dfa-torch knows no other
    "decay_factor": 0.5,
    "dampening": True,
    "schedule": "constant",
    "warm_up": 0,
    "train_samples": 0,
    "feedback_scales": (1.0,),
}


class SettingsError(ValueError):
    """Settings that cannot be run; `problems` holds one sentence for each."""

    def __init__(self, problems: Sequence[str]):
        self.problems = list(problems)
        super().__init__(" ".join(self.problems))


def loads_nothing(value: object) -> bool:
    """Whether a value of `load` asks for new weights: left empty, or none in any capitals."""
    return isinstance(value, str) and value.lower() in ("", "none")


def _written(value: object) -> str:
    return ",".join(f"{one:g}" for one in value) if isinstance(value, tuple) else str(value).lower()


class Experiment(MeasuringSettings, TrainingSettings, RuleSettings, NetworkSettings, DataSettings):
    """What is compared: data, network, training settings, a list of rules and a list of seeds.

    (Pydantic takes the fields of the last base first.)
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def runs(self) -> list[tuple[str, int]]:
        """(rule, seed) of every run; a run is known by its place in this list."""
        return [(rule, seed) for seed in self.seeds for rule in self.rules]

    @property
    def network_file(self) -> bool:
        """Whether the network is a person's own Python file."""
        return self.network not in NETWORKS

    @field_validator("*", mode="before")
    @classmethod
    def _spelling(cls, value: object, info: ValidationInfo) -> object:
        """Accept the reference's spellings of values: mlp.lua, sigm, MNIST, Cifar10, float, epoch -1, load none."""
        name = str(info.field_name)
        if name == "epochs" and str(value).strip() == "-1":
            return MOST_EPOCHS
        if name == "load" and loads_nothing(value):
            return ""
        field = extra(cls.model_fields[name])
        if cls.model_fields[name].annotation is not str or not (field["choices"] or name == "device"):
            return value
        text = str(value).strip()
        if name == "network":
            if text.lower().endswith(".py"):
                return text
            text = PurePath(text).name if text.endswith(".lua") else text
        text = text.lower().removesuffix(".lua")
        text = text if name == "device" else text.replace("-", "_")
        return SPELLED.get(text, text)

    @field_validator("*", mode="after")
    @classmethod
    def _chosen(cls, value: object, info: ValidationInfo) -> object:
        choices = extra(cls.model_fields[str(info.field_name)])["choices"]
        not_here = extra(cls.model_fields[str(info.field_name)])["not_here"]
        for name in value if isinstance(value, tuple) else (value,):
            own = info.field_name == "network" and str(name).lower().endswith(".py")
            if name in not_here:
                why = f"one of {', '.join(choices)}: {not_here[name]}"
                raise PydanticCustomError("explained", "{why}", {"why": why})
            if choices and name not in choices and not own:
                raise PydanticCustomError("choice", "not a choice")
        if info.field_name in ("rules", "seeds") and isinstance(value, tuple) and len(set(value)) < len(value):
            raise PydanticCustomError("repeated", "each only once")
        return value

    @field_validator("datapath", "preproc_folder", "models_folder", "network", "load")
    @classmethod
    def _storable(cls, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise PydanticCustomError("text", "cannot be written down") from None
        return value

    @field_validator("save")
    @classmethod
    def _file_name(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,79}", value):
            raise PydanticCustomError("name", "not a name")
        return value

    @field_validator("points")
    @classmethod
    def _drawn(cls, value: str) -> str:
        value = value.strip()
        try:
            point_text.decode(value)
        except point_text.Unreadable as error:
            raise PydanticCustomError("explained", "{why}", {"why": str(error)}) from None
        return value

    @field_validator("device")
    @classmethod
    def _device(cls, value: str) -> str:
        if value in ("auto", "cpu"):
            return value
        from dfa_lab.machine.device import present  # imports torch: only where it is needed

        if value not in present():
            raise PydanticCustomError("device", "not on this machine")
        return value

    @model_validator(mode="after")
    def _layers(self) -> Self:
        """A width for each layer says how many there are."""
        if not isinstance(self.num_hidden, tuple) or self.num_layers == (many := len(self.num_hidden)):
            return self
        if "num_layers" in self.model_fields_set:
            raise PydanticCustomError(
                "num_layers",
                "num_layers (--num_layers) is {given}: give {many} or leave it out, since num_hidden (--num_hidden) has {many} "
                "numbers, one for each layer.",
                {"given": self.num_layers, "many": many},
            )
        object.__setattr__(self, "num_layers", many)  # the model is frozen, and not yet in anybody's hands
        return self

    @model_validator(mode="after")
    def _together(self) -> Self:
        """Refuse values that are allowed alone, but not with each other."""
        if len(self.rules) * len(self.seeds) > MOST_RUNS:
            raise PydanticCustomError(
                "runs",
                "rules × seeds (--gradient, --seed) makes {runs} runs: give at most {most} in one experiment.",
                {"runs": len(self.rules) * len(self.seeds), "most": MOST_RUNS},
            )
        if self.optimizer == "nag" and not self.momentum:
            raise PydanticCustomError(
                "momentum", "momentum (--momentum) is 0: give a number above 0 and below 1 with the optimizer nag."
            )
        if self.exact and self.feedback_distribution != "uniform":
            raise PydanticCustomError(
                "feedback_distribution",
                "feedback_distribution (--feedback_distribution) is '{given}': give uniform with exact (--exact), since "
                "dfa-torch knows no other.",
                {"given": self.feedback_distribution},
            )
        if self.exact and self.init not in ("ordinary", "paper"):
            raise PydanticCustomError(
                "init",
                "init (--init) is '{given}': give ordinary or paper with exact (--exact), since dfa-torch has its own weights.",
                {"given": self.init},
            )
        for name, wanted in WITH_EXACT.items():
            if self.exact and (given := getattr(self, name)) != wanted:
                raise PydanticCustomError(
                    "exact",
                    "{name} (--{name}) is {given}: give {wanted} with exact (--exact), since dfa-torch knows no other.",
                    {"name": name, "given": _written(given), "wanted": _written(wanted)},
                )
        if self.exact and self.optimizer in NOT_IN_TORCH7:
            raise PydanticCustomError(
                "exact",
                "optimizer (--optimization) is {name}: give another one with exact (--exact): dfa-torch does not know it.",
                {"name": self.optimizer},
            )
        if self.schedule != "constant" and self.epochs == MOST_EPOCHS:
            raise PydanticCustomError(
                "schedule",
                "schedule (--schedule) is {name}: give constant with epochs (--epoch) -1, since the learning rate can fall "
                "to 0 only where there is an end, or another number of epochs.",
                {"name": self.schedule},
            )
        if self.warm_up >= self.epochs:
            raise PydanticCustomError(
                "warm_up",
                "warm_up (--warm_up) is {given}: give less than {epochs}, the number of epochs (--epoch).",
                {"given": f"{self.warm_up:g}", "epochs": self.epochs},
            )
        if self.exact and self.epochs == 1:
            raise PydanticCustomError(
                "epochs",
                "epochs (--epoch) is 1: give 2 or more with exact (--exact), which runs one epoch less, as dfa-torch does.",
            )
        return self
