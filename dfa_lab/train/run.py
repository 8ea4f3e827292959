"""Run: one rule with one seed. It owns a network, the rule's feedback, an optimiser and its running sums."""

from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from dfa_lab import networks
from dfa_lab.config import Experiment
from dfa_lab.feedback import bind
from dfa_lab.train import criterion


def optimizer(experiment: Experiment, parameters: list[nn.Parameter]) -> torch.optim.Optimizer:
    """torch's own, with the constants of dfa-torch: rmsprop α = 0.99, ε = 1e-8; sgd with dampening = momentum."""
    rate, momentum = experiment.learning_rate, experiment.momentum
    if experiment.optimizer == "sgd":
        return torch.optim.SGD(parameters, lr=rate, momentum=momentum, dampening=momentum)
    if experiment.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=rate)
    return torch.optim.RMSprop(parameters, lr=rate, alpha=0.99, eps=1e-8)


class Run:
    """One rule, one seed; `step` trains on a batch."""

    def __init__(
        self,
        experiment: Experiment,
        rule: str,
        seed: int,
        shape: tuple[int, ...],
        classes: int,
        device: torch.device,
        dtype: torch.dtype,
    ):
        self.criterion = experiment.criterion
        self.network = networks.build(experiment, shape, classes, seed)
        self.rule = bind(rule, self.network, experiment, seed)
        self.network.to(device, dtype)
        self.rule.to(device, dtype)
        self.optimizer = optimizer(experiment, list(self.network.parameters()))
        self.seconds = 0.0  # spent in `step`
        self.loss_sum = torch.zeros((), dtype=dtype, device=device)  # since the last record
        self.wrong_sum = torch.zeros((), dtype=torch.long, device=device)

    def step(self, x: Tensor, t: Tensor) -> None:
        """One optimiser step on the batch x (N, …), t (N,)."""
        began = perf_counter()
        hs, y = self.rule.hidden(self.network, x)
        with torch.no_grad():
            e = criterion.error(self.criterion, y, t)
            self.loss_sum += criterion.loss(self.criterion, y, t).sum()
            self.wrong_sum += (y.argmax(1) != t).sum()
        self.optimizer.zero_grad()
        self.rule.backward(hs, y, e)
        self.optimizer.step()
        self.seconds += perf_counter() - began

    def take_sums(self) -> Tensor:
        """(loss, wrong) summed over the training samples since the last call, on the device; starts them anew."""
        sums = torch.stack([self.loss_sum.double(), self.wrong_sum.double()])
        self.loss_sum.zero_()
        self.wrong_sum.zero_()
        return sums

    @torch.no_grad()
    def evaluate(self, x: Tensor, t: Tensor) -> Tensor:
        """(loss, wrong) summed over the samples, on the device."""
        y = self.network(x)
        return torch.stack([criterion.loss(self.criterion, y, t).double().sum(), (y.argmax(1) != t).double().sum()])

    def tensors(self) -> dict[str, Tensor]:
        """Everything that has to be saved: weights, feedback, the optimiser's state, the running sums."""
        state: dict[str, Tensor] = {"loss_sum": self.loss_sum, "wrong_sum": self.wrong_sum}
        state |= {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        state |= {f"rule.{name}": tensor for name, tensor in self.rule.state_dict().items()}
        for number, kept in self.optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{number}.{name}": t for name, t in kept.items() if isinstance(t, Tensor)}
        return state

    def load_tensors(self, state: dict[str, Tensor]) -> None:
        """Undo `tensors`. Raises RuntimeError, KeyError or ValueError if they are of another network."""

        def below(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}

        self.network.load_state_dict(below("network."))
        self.rule.load_state_dict(below("rule."))
        parameters = list(self.network.parameters())
        kept: dict[int, dict[str, Any]] = {}
        for name, tensor in below("optimizer.").items():
            number, key = name.split(".", 1)
            if tensor.ndim and tensor.shape != parameters[int(number)].shape:
                raise ValueError(f"{name} is not of this network")
            kept.setdefault(int(number), {})[key] = tensor.clone()
        if self.optimizer.__class__ is torch.optim.SGD:
            for one in kept.values():
                one.setdefault("momentum_buffer", None)
        self.optimizer.load_state_dict({"state": kept, "param_groups": self.optimizer.state_dict()["param_groups"]})
        self.loss_sum.copy_(state["loss_sum"])
        self.wrong_sum.copy_(state["wrong_sum"])
