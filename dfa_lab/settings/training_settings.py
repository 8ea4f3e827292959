"""Settings of the training and of the machine it runs on."""

from functools import partial

from pydantic import BaseModel

from dfa_lab.settings.knob import Seeds
from dfa_lab.settings.knob import knob as any_knob

MOST_EPOCHS = 100_000
SEARCHES = "{} looks at a batch again and again for the lowest loss along a line, and what fa and dfa follow is no slope of it"
DRAWS = "{} draws weights at random and follows no gradient, so that there is nothing for a learning rule to do"
NOT_HERE = {  # of torch7's package optim
    **{name: SEARCHES.format(name) for name in ("cg", "lbfgs", "fista", "fistals", "linesearch", "lswolfe")},
    **{name: DRAWS.format(name) for name in ("cmaes", "de")},
}
OPTIMIZERS = {  # each with what its name is short for
    "sgd": "stochastic gradient descent",
    "rmsprop": "root mean square propagation",
    "adam": "adaptive moment estimation",
    "adamw": "adam with decoupled weight decay",
    "nadam": "adam with Nesterov's momentum",
    "muon": "momentum made orthogonal",
    "nag": "Nesterov's accelerated gradient",
    "adagrad": "adaptive gradient",
    "adadelta": "adaptive step sizes",
    "adamax": "adam by the largest slope",
    "asgd": "averaged gradient descent",
    "rprop": "resilient propagation",
}
NOT_IN_TORCH7 = ("adamw", "nadam", "muon")  # optimisers
knob = partial(any_knob, group="training")


class TrainingSettings(BaseModel):
    """How gradients become steps, and how many."""

    criterion: str = knob(
        "bce",
        "bce: one logistic unit a class, binary cross-entropy summed over classes; ce: softmax cross-entropy.",
        choices=("bce", "ce"),
        words={"bce": "binary cross-entropy", "ce": "softmax cross-entropy"},
        basic=True,
        midway=True,
    )
    optimizer: str = knob(
        "rmsprop",
        "How gradients become steps. muon moves the weights of hidden dense layers (momentum 0.95) and leaves biases, norms, "
        "convolutions and the readout to adamw; both have this learning rate and weight decay, and steps of one size.",
        flag="optimization",
        choices=OPTIMIZERS,
        words=OPTIMIZERS,
        not_here=NOT_HERE,
        basic=True,
        midway=True,
    )
    learning_rate: float = knob(
        1e-3,
        "Size of a step; may be changed while it runs.",
        flag="LR",
        steps=(1, 3),
        play=6,
        basic=True,
        gt=0,
        le=100,
        midway=True,
    )
    learning_rate_decay: float = knob(
        0.0,
        "The learning rate of step t is divided by 1 + t × this.",
        title="Learning rate decay",
        flag="LRDecay",
        ge=0,
        le=1000,
        midway=True,
    )
    halve_every: int = knob(
        -1,
        "Epochs after which the learning rate is halved. -1: never; 0: when the training error stops falling, "
        "until the eighth time, which ends the run.",
        title="Halve the learning rate every",
        flag="epoch_step",
        unit="epochs",
        ge=-1,
        le=MOST_EPOCHS,
        midway=True,
    )
    decay_factor: float = knob(
        0.5,
        "What the learning rate is multiplied with whenever it falls at once: a half, as in dfa-torch, or another number.",
        title="Factor where the rate is halved",
        gt=0,
        lt=1,
        midway=True,
    )
    weight_decay: float = knob(
        0.0,
        "This × every parameter is added to its gradient. With adamw and muon, this × the learning rate × every parameter is "
        "taken from it instead.",
        flag="weightDecay",
        ge=0,
        le=1000,
        midway=True,
    )
    momentum: float = knob(
        0.0,
        "Momentum of sgd (with equal dampening, unless that is off) and nag (which needs it).",
        when={"optimizer": ("sgd", "nag")},
        ge=0,
        lt=1,
        midway=True,
    )
    dampening: bool = knob(
        True,
        "sgd's velocity takes 1 - momentum of each gradient, as in dfa-torch. Without it takes the whole gradient, as is usual "
        "elsewhere, and steps are 1 / (1 - momentum) times as long.",
        title="Momentum with dampening",
        when={"optimizer": ("sgd",)},
        midway=True,
    )
    batch_size: int = knob(64, "Samples in each step.", flag="batchSize", unit="samples", ge=1, le=100_000)
    drop_last: bool = knob(
        False,
        "Leave out the last batch of an epoch where it is smaller than the others.",
        title="Only whole batches",
        flag="constBatchSize",
        switch=True,
    )
    epochs: int = knob(
        20,
        "Passes through the training set. -1: 100000, which is until somebody stops it.",
        flag="epoch",
        unit="epochs",
        basic=True,
        ge=1,
        le=MOST_EPOCHS,
        midway=True,
    )
    schedule: str = knob(
        "constant",
        "cosine, linear: the learning rate falls to 0 over all epochs, as half a cosine or a straight line. Decay and halvings "
        "count too, and so does a rate that is changed while it runs.",
        title="Learning rate over all epochs",
        choices=("constant", "cosine", "linear"),
        words={"cosine": "falls as half a cosine", "linear": "falls in a straight line"},
        midway=True,
    )
    warm_up: float = knob(
        0.0,
        "Epochs, or a part of one, in which the learning rate rises from 0, by the same amount at each step. A fall over all "
        "epochs begins after them.",
        title="Warm-up of the learning rate",
        unit="epochs",
        ge=0,
        le=MOST_EPOCHS,
        midway=True,
    )
    eps: float = knob(
        0.0,
        "Adversarial training: each batch is moved by ± this, in units of the prepared inputs, along the sign of the "
        "loss's true gradient, and the rule trains on the moved batch. 0: off.",
        title="Adversarial ε",
        ge=0,
        le=100,
        midway=True,
    )
    accumulate: bool = knob(
        False,
        "With adversarial training: add the gradient on the unmoved batch too.",
        title="Train on the unmoved batch too",
        flag="accGradient",
        midway=True,
    )
    seeds: Seeds = knob(
        (0,),
        "Fixes the initial weights, the feedback and the order of the batches; several repeat every rule.",
        flag="seed",
        play=7,
        min_length=1,
    )
    save: str = knob(
        "",
        "Name under which weights, feedback, optimiser and results are kept after every epoch. Empty: the nets are not kept.",
        title="Save the nets as",
        local=True,
    )
    device: str = knob(
        "auto",
        "auto, cpu, cuda, cuda:N or mps. auto: a GPU where there is one.",
        flag="type",
        words={"auto": "a GPU where there is one", "cpu": "the processor", "cuda": "an NVIDIA GPU", "mps": "an Apple GPU"},
    )
    device_number: int = knob(
        1, "Which GPU, counted from 1.", title="Number of the GPU", flag="devid", when={"device": ("auto", "cuda")}, ge=1, le=64
    )
    threads: int = knob(0, "CPU threads of a training step. 0: chosen by the size of the network.", ge=0, le=256)
    together: str = knob(
        "auto",
        "Make each step of all runs one computation on stacked weights. auto: where that is faster, which is narrow dense "
        "networks on a CPU, where no digit changes, and all dense ones on a GPU.",
        title="Runs in one computation",
        choices=("auto", "always", "never"),
        words={"auto": "where that is faster"},
    )
    processes: int = knob(
        0,
        "Worker processes of the command line, one thread each, that share the rules and seeds on a CPU. 0: as many as are "
        "worth it; 1: none. With --save, --load, --exact or --epoch_step 0 there is one process.",
        local=True,
        ge=0,
        le=256,
    )
    precision: str = knob(
        "float32",
        "float32; tf32: matrix products with shorter numbers (NVIDIA); bf16: products in 16 bits, weights in 32.",
        choices=("float32", "tf32", "bf16"),
        words={"float32": "32 bits", "tf32": "products with shorter numbers", "bf16": "products in 16 bits"},
        midway=True,
    )
