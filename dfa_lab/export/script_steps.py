"""How the standalone script makes its steps: optimisers and learning rates, each as text."""

from dfa_lab.settings.experiment import Experiment

OPTIMIZERS = {
    "rmsprop": "torch.optim.RMSprop(parameters, lr=RATE, alpha=0.99, eps=1e-8, weight_decay=WEIGHT_DECAY)",
    "sgd": "torch.optim.SGD(parameters, lr=RATE, momentum=MOMENTUM, dampening=DAMPENING, weight_decay=WEIGHT_DECAY)",
    "nag": "torch.optim.SGD(parameters, lr=RATE, momentum=MOMENTUM, nesterov=True, weight_decay=WEIGHT_DECAY)",
    "adam": "torch.optim.Adam(parameters, lr=RATE, weight_decay=WEIGHT_DECAY)",
    "adamw": "torch.optim.AdamW(parameters, lr=RATE, weight_decay=WEIGHT_DECAY)",
    "nadam": "torch.optim.NAdam(parameters, lr=RATE, weight_decay=WEIGHT_DECAY)",
    "muon": "MuonWithAdamW([W for W, b in layers[:-1]], parameters)",
}
_MUON = '''
class In32Bits(torch.overrides.TorchFunctionMode):
    """Inside, what would be rounded to 16 bits, which is slow on a CPU, keeps 32."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.Tensor.to and kwargs.get("dtype") is torch.bfloat16:
            kwargs = {**kwargs, "dtype": torch.float32}
        return func(*args, **kwargs)


class MuonWithAdamW:
    """Muon for W of the hidden layers, AdamW for the readout and all biases."""

    def __init__(self, matrices, parameters):
        others = [p for p in parameters if all(p is not W for W in matrices)]
        muon = torch.optim.Muon(matrices, lr=RATE, weight_decay=WEIGHT_DECAY, adjust_lr_fn="match_rms_adamw")
        self.parts = muon, torch.optim.AdamW(others, lr=RATE, weight_decay=WEIGHT_DECAY)
        self.param_groups = [group for part in self.parts for group in part.param_groups]

    def zero_grad(self):
        for part in self.parts:
            part.zero_grad()

    def step(self):
        with In32Bits():
            for part in self.parts:
                part.step()
'''
_FACTOR = '''
def factor(step, epoch, steps_per_epoch):
    """What the learning rate of a step is multiplied with; `step` and `epoch` count what is done."""
{body}
'''
_BY_EPOCHS = """    halvings = epoch // HALVE_EVERY if HALVE_EVERY else 0
    fallen = FACTOR**halvings / (1 + step * DECAY)"""
_RISES = """    warm_up = WARM_UP * steps_per_epoch
    if step < warm_up:
        return {fallen}min(1.0, (step + 1) / warm_up)"""
_FALLS = """    done = {passed} / (EPOCHS * steps_per_epoch{less})
    return {fall}"""
FALLS = {"cosine": "(1 + cos(pi * done)) / 2", "linear": "1 - done"}
SET_RATE = """            for group in optimizer.param_groups:
                group["lr"] = RATE * factor(step, epoch, -(-used // BATCH))
"""


def changes(experiment: Experiment) -> bool:
    """Whether the learning rate does."""
    own = experiment.learning_rate_decay or experiment.halve_every > 0
    return bool(own or experiment.warm_up or experiment.schedule != "constant")


def optimizer(experiment: Experiment) -> str:
    """A class that torch does not have, if the experiment's optimiser needs it."""
    return _MUON if experiment.optimizer == "muon" else ""


def factor(experiment: Experiment) -> str:
    """`factor`, with what the experiment's learning rate does and no more; empty if it stays."""
    if not changes(experiment):
        return ""
    own, rises = experiment.learning_rate_decay or experiment.halve_every > 0, experiment.warm_up > 0
    fallen = "fallen * " if own else ""
    lines = [_BY_EPOCHS] if own else []
    lines += [_RISES.format(fallen=fallen)] if rises else []
    if fall := FALLS.get(experiment.schedule):
        passed, less = ("(step - warm_up)", " - warm_up") if rises else ("step", "")
        lines.append(_FALLS.format(passed=passed, less=less, fall=f"fallen * ({fall})" if own else fall))
    else:
        lines.append("    return fallen" if own else "    return 1.0")
    return _FACTOR.format(body="\n".join(lines))


def imports(experiment: Experiment) -> str:
    """The names from the module math."""
    return "cos, pi, sqrt" if experiment.schedule == "cosine" else "sqrt"
