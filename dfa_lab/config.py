"""Experiment: every setting once, with its type, bounds, unit, help text and the reference's flag.

The form, the command line, the link, the stored run and the docs are derived from these fields, and so are the
sentences that refuse a value (wording.py). Settings that come from a person enter through parsing.py.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from dfa_lab import registry

DATASETS = registry.names("dfa_lab.data.sets", first=("digits", "mnist", "fashion_mnist"))
NETWORKS = registry.names("dfa_lab.networks.kinds", first=("mlp",))
RULES = registry.names("dfa_lab.feedback.rules", first=("bp", "fa", "dfa"))
ON_DISK = registry.defining("dfa_lab.data.sets", "here")  # data sets that are files in a folder
MOST_RUNS = 32  # rules x seeds of one experiment


class SettingsError(ValueError):
    """Settings that cannot be run; `problems` holds one sentence for each."""

    def __init__(self, problems: Sequence[str]):
        self.problems = list(problems)
        super().__init__(" ".join(self.problems))


def _split(value: object) -> object:
    """ "1,2" -> ("1", "2"): lists are written with commas on the command line and in links."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return (value,) if isinstance(value, int) else value


def _names(value: object) -> object:
    parts = _split(value)
    return tuple(p.lower() if isinstance(p, str) else p for p in parts) if isinstance(parts, tuple) else parts


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Width = Annotated[int, Field(ge=1, le=10_000)]
Widths = Annotated[tuple[Width, ...], BeforeValidator(_split)]


def knob(
    default: Any,
    help: str,
    *,
    group: str,
    title: str = "",
    flag: str = "",
    unit: str = "",
    choices: tuple[str, ...] = (),
    when: dict[str, tuple[str, ...]] | None = None,
    **bounds: Any,
) -> Any:
    """One setting. `title`: its label in the form; `flag`: dfa-torch's spelling where it differs from the field's name;
    `when`: it has an effect only where another setting has one of these values."""
    return Field(
        default,
        description=help,
        json_schema_extra={
            "group": group,
            "title": title,
            "flag": flag,
            "unit": unit,
            "choices": list(choices),
            "when": {name: list(values) for name, values in (when or {}).items()},
        },
        **bounds,
    )


class Experiment(BaseModel):
    """What is compared: data, network, training settings, a list of rules and a list of seeds."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    dataset: str = knob("digits", "What the networks learn.", title="Data set", group="data", choices=DATASETS)
    datapath: str = knob(
        "",
        "Folder that holds the data sets, in torchvision's layout. Empty: $DFA_LAB_DATA, else ./Datasets.",
        title="Data folder",
        when={"dataset": ON_DISK},
        group="data",
    )
    download: bool = knob(
        False,
        "Fetch the data set if it is not in the folder yet.",
        title="Download if missing",
        when={"dataset": ON_DISK},
        group="data",
    )
    classes: int = knob(
        2,
        "Number of classes of the toy sets spirals and gaussians.",
        when={"dataset": ("spirals", "gaussians")},
        group="data",
        ge=2,
        le=10,
    )
    normalization: str = knob(
        "scale",
        "scale: inputs to [0, 1] by the training set's range; simple: one mean and standard deviation; "
        "channel: mean and standard deviation of each channel.",
        group="data",
        choices=("scale", "simple", "channel"),
    )

    network: str = knob("mlp", "mlp: dense layers; conv: the paper's convolutional network.", group="network", choices=NETWORKS)
    num_layers: int = knob(
        2,
        "Hidden layers of the mlp.",
        title="Hidden layers",
        when={"network": ("mlp",)},
        group="network",
        unit="layers",
        ge=1,
        le=50,
    )
    num_hidden: int = knob(
        100,
        "Units in each hidden layer of the mlp.",
        title="Units per layer",
        when={"network": ("mlp",)},
        group="network",
        unit="units",
        ge=1,
        le=10_000,
    )
    conv_channels: Widths = knob(
        (96, 128, 256),
        "Channels of the conv network's convolutions.",
        title="Channels",
        when={"network": ("conv",)},
        group="network",
        min_length=1,
        max_length=6,
    )
    conv_hidden: Widths = knob(
        (2048, 2048),
        "Units of the conv network's dense layers.",
        title="Dense units",
        when={"network": ("conv",)},
        group="network",
        min_length=1,
        max_length=6,
    )
    nonlin: str = knob(
        "tanh",
        "Nonlinearity of every hidden layer.",
        title="Nonlinearity",
        group="network",
        choices=("tanh", "sigmoid", "relu"),
    )
    init: str = knob(
        "ordinary",
        "ordinary: every rule starts from the same random weights, uniform in ±1/√fan-in; "
        "paper: fa and dfa start from zero weights with tanh and sigmoid, as in Nøkland (2016).",
        title="Initial weights",
        group="network",
        choices=("ordinary", "paper"),
    )

    rules: Names = knob(
        ("bp", "fa", "dfa"),
        "Learning rules to train side by side.",
        group="rules",
        flag="gradient",
        choices=RULES,
        min_length=1,
    )
    feedback_magnitude: float = knob(
        0.0,
        "Feedback is drawn uniformly from ± this. 0: ±1/√n with n the number of units that receive it.",
        group="rules",
        flag="rfb_mag",
        ge=0,
        le=1000,
    )

    criterion: str = knob(
        "bce",
        "bce: one logistic unit a class, binary cross-entropy summed over classes; ce: softmax cross-entropy.",
        group="training",
        choices=("bce", "ce"),
    )
    optimizer: str = knob(
        "rmsprop", "How gradients become steps.", group="training", flag="optimization", choices=("sgd", "rmsprop", "adam")
    )
    learning_rate: float = knob(
        1e-3, "Size of a step; may be changed while it runs.", group="training", flag="LR", gt=0, le=100
    )
    momentum: float = knob(
        0.0,
        "Momentum of sgd (with equal dampening, as in dfa-torch).",
        when={"optimizer": ("sgd",)},
        group="training",
        ge=0,
        lt=1,
    )
    batch_size: int = knob(64, "Samples in each step.", group="training", flag="batchSize", unit="samples", ge=1, le=100_000)
    epochs: int = knob(20, "Passes through the training set.", group="training", flag="epoch", unit="epochs", ge=1, le=100_000)
    seeds: Annotated[tuple[Seed, ...], BeforeValidator(_split)] = knob(
        (0,),
        "Fixes the initial weights, the feedback and the order of the batches; several repeat every rule.",
        group="training",
        flag="seed",
        min_length=1,
    )
    device: str = knob("auto", "auto, cpu, cuda, cuda:N or mps. auto: a GPU where there is one.", group="training")

    probe_size: int = knob(
        128, "Training samples on which angles are measured.", group="measuring", unit="samples", ge=2, le=10_000
    )
    measure_every: int = knob(
        0,
        "Steps between two measurements of the angles. 0: chosen so that measuring stays cheap.",
        title="Measure every",
        group="measuring",
        unit="steps",
        ge=0,
        le=1_000_000,
    )

    def runs(self) -> list[tuple[str, int]]:
        """(rule, seed) of every run; a run is known by its place in this list."""
        return [(rule, seed) for seed in self.seeds for rule in self.rules]

    @field_validator("*", mode="before")
    @classmethod
    def _spelling(cls, value: object, info: ValidationInfo) -> object:
        """Accept the reference's spellings of values: mlp.lua, sigm, MNIST, Cifar10."""
        if info.field_name in ("dataset", "network", "nonlin", "criterion", "optimizer", "init", "normalization"):
            text = str(value).strip().lower().removesuffix(".lua").replace("-", "_")
            return {"sigm": "sigmoid", "fashionmnist": "fashion_mnist"}.get(text, text)
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _chosen(cls, value: object, info: ValidationInfo) -> object:
        choices = extra(cls.model_fields[str(info.field_name)])["choices"]
        for name in value if isinstance(value, tuple) else (value,):
            if choices and name not in choices:
                raise PydanticCustomError("choice", "not a choice")
        if info.field_name in ("rules", "seeds") and isinstance(value, tuple) and len(set(value)) < len(value):
            raise PydanticCustomError("repeated", "each only once")
        return value

    @field_validator("datapath")
    @classmethod
    def _storable(cls, value: str) -> str:
        try:
            value.encode()
        except UnicodeEncodeError:
            raise PydanticCustomError("text", "cannot be written down") from None
        return value

    @field_validator("device")
    @classmethod
    def _device(cls, value: str) -> str:
        if value in ("auto", "cpu"):
            return value
        from dfa_lab.device import present  # imports torch: only where it is needed

        if value not in present():
            raise PydanticCustomError("device", "not on this machine")
        return value

    @model_validator(mode="after")
    def _affordable(self) -> Self:
        if len(self.rules) * len(self.seeds) > MOST_RUNS:
            raise PydanticCustomError(
                "runs",
                "rules × seeds (--gradient, --seed) makes {runs} runs: give at most {most} in one experiment.",
                {"runs": len(self.rules) * len(self.seeds), "most": MOST_RUNS},
            )
        return self


def extra(field: FieldInfo) -> dict[str, Any]:
    """group, title, flag, unit, choices and when of a field."""
    assert isinstance(field.json_schema_extra, dict)
    return field.json_schema_extra
