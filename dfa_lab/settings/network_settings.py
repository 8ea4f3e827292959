"""Settings of the network."""

from functools import partial

from pydantic import BaseModel

from dfa_lab import registry
from dfa_lab.settings.knob import MOST_LAYERS, WidthOrWidths, Widths
from dfa_lab.settings.knob import knob as any_knob

KINDS = "dfa_lab.networks.kinds"
NETWORKS = registry.names(KINDS)
USED = registry.declared(KINDS, "SETTINGS")  # by each network, of the settings that not every one knows
INITIAL = ("ordinary", "paper", "kaiming", "xavier", "orthogonal")
NO_LIMIT = 400.0  # of max_in_norm and max_out_norm, as in dfa-torch
knob = partial(any_knob, group="network")


def used(setting: str) -> dict[str, tuple[str, ...]]:
    """Where a setting has an effect: with the networks whose files declare it."""
    return {"network": registry.using(KINDS, setting)}


class NetworkSettings(BaseModel):
    """What is trained."""

    network: str = knob(
        "mlp",
        "mlp: dense layers; conv: the paper's convolutional network; or a Python file of your own that defines blocks.",
        choices=NETWORKS,
        words=registry.declared(KINDS, "TITLE"),
    )
    models_folder: str = knob(
        "./Models/",
        "Folder in which a network file is looked for.",
        title="Folder of network files",
        flag="modelsFolder",
        local=True,
    )
    num_layers: int = knob(
        2,
        "Hidden layers of the mlp. Where units are given for each layer, there are as many.",
        title="Hidden layers",
        when=used("num_layers"),
        unit="layers",
        play=2,
        ge=1,
        le=MOST_LAYERS,
    )
    num_hidden: WidthOrWidths = knob(
        100,
        "Units in each hidden layer of the mlp, one number for all; or one for each layer from the input on, as in 500,300.",
        title="Units per layer",
        when=used("num_hidden"),
        unit="units",
        steps=(1, 2, 5),
        play=3,
    )
    conv_channels: Widths = knob(
        (96, 128, 256),
        "Channels of the conv network's convolutions.",
        title="Channels",
        when=used("conv_channels"),
        steps=(1, 2, 5),
        play=2,
        min_length=1,
        max_length=6,
    )
    conv_hidden: Widths = knob(
        (2048, 2048),
        "Units of the conv network's dense layers.",
        title="Dense units",
        when=used("conv_hidden"),
        steps=(1, 2, 5),
        play=3,
        min_length=1,
        max_length=6,
    )
    nonlin: str = knob(
        "tanh",
        "Nonlinearity of every hidden layer.",
        title="Nonlinearity",
        choices=("tanh", "sigmoid", "relu"),
        words={"tanh": "hyperbolic tangent", "sigmoid": "logistic curve", "relu": "rectified linear"},
        when=used("nonlin"),
        play=5,
    )
    dropout: int = knob(
        0,
        "Share of activities set to zero in training. 0: none; 1: a tenth of the inputs and half of the hidden units "
        "(a quarter after the first two convolutions); 2: mlp only the inputs, conv only after the first two convolutions.",
        words={"0": "none", "1": "inputs and hidden units", "2": "only near the input"},
        when=used("dropout"),
        ge=0,
        le=2,
        midway=True,
    )
    batchnorm: int = knob(
        0,
        "Batch normalisation before the nonlinearity. 0: none; 1: every hidden layer; 2: conv only the second convolution.",
        title="Batch normalisation",
        words={"0": "none", "1": "every hidden layer", "2": "only the second convolution"},
        when=used("batchnorm"),
        ge=0,
        le=2,
    )
    bias: bool = knob(True, "Layers have a bias, and batch normalisation an offset.", title="Biases")
    max_in_norm: float = knob(
        NO_LIMIT,
        "Largest L2 norm of the weights into a unit, kept after every step. 0, or 400 and above: no limit.",
        title="Norm of weights in, at most",
        flag="maxInNorm",
        ge=0,
        le=1_000_000,
        midway=True,
    )
    max_out_norm: float = knob(
        NO_LIMIT,
        "Largest L2 norm of the weights out of a unit, kept after every step. 0, or 400 and above: no limit.",
        title="Norm of weights out, at most",
        flag="maxOutNorm",
        ge=0,
        le=1_000_000,
        midway=True,
    )
    init: str = knob(
        "ordinary",
        "Every rule of a seed starts from the same random weights. ordinary: uniform in ±1/√fan-in; paper: as ordinary, but fa "
        "and dfa start from zero with tanh and sigmoid, as in Nøkland (2016); kaiming: normal, with a spread of gain/√fan-in; "
        "xavier: uniform in ±√(6/(fan-in + fan-out)); orthogonal: rows or columns at right angles, as long as the gain. The "
        "gain is the nonlinearity's, and the readout's is 1. With these three, biases start at zero.",
        title="Initial weights",
        choices=INITIAL,
        words={
            "ordinary": "uniform, by fan-in",
            "paper": "as in the paper",
            "kaiming": "normal, by fan-in",
            "xavier": "uniform, by fan-in and fan-out",
            "orthogonal": "at right angles",
        },
    )
    redraw: bool = knob(
        False,
        "Draw the weights of a network file's Linear and Conv2d layers anew, as init says of the lab's own networks, with the "
        "gain of nonlin, whatever the file uses. Otherwise they keep what the file gave them, as all else in it does.",
        title="Draw a file's weights anew",
        switch=True,
    )
    load: str = knob(
        "",
        "Start from the weights and feedback of a saved run: its name, or its file. Empty or none: from new ones.",
        title="Start from a saved run",
        local=True,
    )
