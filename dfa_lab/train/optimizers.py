"""The optimisers by dfa-torch's names: torch's own, with the constants of torch7's."""

from contextlib import suppress

from torch import nn, optim

from dfa_lab.settings.experiment import Experiment

# torch imports its compiler at the first call of any of these, to keep it away from them: more than a second of every
# process, for a compiler that nothing here uses. It looks first whether that has been done.
with suppress(AttributeError):  # in another version of torch: then it is imported
    for _name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict"):
        _bare = getattr(optim.Optimizer, _name).__wrapped__
        setattr(_bare, "__dynamo_disable", _bare)

SIMPLE: dict[str, type[optim.Optimizer]] = {
    "adam": optim.Adam,
    "adagrad": optim.Adagrad,
    "adadelta": optim.Adadelta,
    "adamax": optim.Adamax,
    "asgd": optim.ASGD,
}


OWN_RATES = {"adadelta": 1.0, "rprop": 0.1, "asgd": 1e-4}  # of torch7's, which do not look at LR


def own_rate(experiment: Experiment) -> float | None:
    """The learning rate of an optimiser that dfa-torch gives none; None if it follows the settings."""
    return OWN_RATES.get(experiment.optimizer) if experiment.exact else None


def optimizer(experiment: Experiment, parameters: list[nn.Parameter]) -> optim.Optimizer:
    """rmsprop: α = 0.99, ε = 1e-8; sgd: with dampening = momentum or without; nag: Nesterov's, without dampening."""
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
        case name:
            return SIMPLE[name](parameters, lr=rate, weight_decay=decay)  # type: ignore[call-arg]


class _DecayingRprop(optim.Rprop):
    """torch's, with weight decay. The decay is in the group, which copies and saved states keep, as torch's own constants are."""

    def __init__(self, parameters: list[nn.Parameter], rate: float, decay: float):
        super().__init__([{"params": parameters, "weight_decay": decay}], lr=rate)

    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad.add_(p.detach(), alpha=group["weight_decay"])
        return super().step(closure)
