"""The optimisers by dfa-torch's names: torch's own, with the constants of torch7's; adamw, nadam and muon with torch's own."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from typing import Any

import torch
from torch import Tensor, nn, optim
from torch.overrides import TorchFunctionMode

from dfa_lab.settings.experiment import Experiment

# torch imports its compiler at the first call of any of these, to keep it away from them: more than a second of every
# process, for a compiler that nothing here uses. It looks first whether that has been done.
with suppress(AttributeError):  # in another version of torch: then it is imported
    for _name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict"):
        _bare = getattr(optim.Optimizer, _name).__wrapped__
        setattr(_bare, "__dynamo_disable", _bare)

SIMPLE: dict[str, type[optim.Optimizer]] = {
    "adam": optim.Adam,
    "adamw": optim.AdamW,
    "nadam": optim.NAdam,
    "adagrad": optim.Adagrad,
    "adadelta": optim.Adadelta,
    "adamax": optim.Adamax,
    "asgd": optim.ASGD,
}


OWN_RATES = {"adadelta": 1.0, "rprop": 0.1, "asgd": 1e-4}  # of torch7's, which do not look at LR


def own_rate(experiment: Experiment) -> float | None:
    """The learning rate of an optimiser that dfa-torch gives none; None if it follows the settings."""
    return OWN_RATES.get(experiment.optimizer) if experiment.exact else None


def optimizer(experiment: Experiment, parameters: list[nn.Parameter], matrices: Sequence[Tensor] = ()) -> optim.Optimizer:
    """rmsprop: α = 0.99, ε = 1e-8; sgd: with dampening = momentum or without; nag: Nesterov's, without dampening.

    `matrices`: which of the parameters muon moves, each (out, in). Raises ValueError if it is to have none.
    """
    rate = own_rate(experiment) or experiment.learning_rate
    momentum, decay = experiment.momentum, experiment.weight_decay
    match experiment.optimizer:
        case "sgd":
            dampening = momentum if experiment.dampening else 0.0
            return optim.SGD(parameters, lr=rate, momentum=momentum, dampening=dampening, weight_decay=decay)
        case "nag":
            return optim.SGD(parameters, lr=rate, momentum=momentum, nesterov=True, weight_decay=decay)
        case "rmsprop":
            return optim.RMSprop(parameters, lr=rate, alpha=0.99, eps=1e-8, weight_decay=decay)
        case "rprop":
            if decay:  # torch's has none of its own
                return _DecayingRprop(parameters, rate, decay)
            return optim.Rprop(parameters, lr=rate)
        case "muon":
            return MuonWithAdamW(matrices, parameters, rate, decay)
        case name:
            return SIMPLE[name](parameters, lr=rate, weight_decay=decay)  # type: ignore[call-arg]


class _DecayingRprop(optim.Rprop):
    """The one of torch with weight decay, which is in the group, as all constants are: copies keep nothing else."""

    def __init__(self, parameters: list[nn.Parameter], rate: float, decay: float):
        super().__init__([{"params": parameters, "weight_decay": decay}], lr=rate)

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.add_(p.detach(), alpha=group["weight_decay"])
        return super().step(closure)


class In32Bits(TorchFunctionMode):
    """Inside, what would be rounded to bfloat16 becomes float32.

    torch's Muon multiplies its matrices in 16 bits, which suits GPUs. A CPU that has no such products takes 30 times as long
    for them as for those of 32 bits where a layer has 400 units, and more where it has more.
    """

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        if func is Tensor.to and kwargs.get("dtype") is torch.bfloat16:
            kwargs = {**kwargs, "dtype": torch.float32}
        return func(*args, **kwargs)


class MuonWithAdamW(optim.Optimizer):
    """torch's Muon, which takes matrices alone, and torch's AdamW for all else, as one optimiser with two groups.

    Its scale "match_rms_adamw" makes both move an entry about as far at one learning rate (Liu et al. 2025,
    arXiv 2502.16982); momentum 0.95 with Nesterov's look ahead and five Newton-Schulz steps are torch's defaults. These are
    made in 16 bits, on a CPU in 32.
    """

    def __init__(self, matrices: Sequence[Tensor], parameters: Sequence[nn.Parameter], rate: float, decay: float):
        """`matrices`: those of the parameters that are Muon's. Raises ValueError if there are none, or no others."""
        own = {id(W) for W in matrices}
        others = [p for p in parameters if id(p) not in own]
        muon = optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
        self._parts = muon, optim.AdamW(others, lr=rate, weight_decay=decay)
        super().__init__([group for part in self._parts for group in part.param_groups], {})
        self._share()

    def _share(self) -> None:
        """Let each part work on its group here and on the states here."""
        for part, group in zip(self._parts, self.param_groups, strict=True):
            part.param_groups, part.state = [group], self.state

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_parts": self._parts}  # what a copy has

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # of a copy, and of what was saved
        self._share()

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        loss = None if closure is None else closure()
        on_cpu = self.param_groups[0]["params"][0].device.type == "cpu"
        with In32Bits() if on_cpu else nullcontext():
            for part in self._parts:
                part.step()
        return loss
