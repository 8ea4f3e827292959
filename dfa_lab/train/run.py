"""Run: one rule with one seed. It owns a network, the rule's feedback, an optimiser and its running sums."""

from time import perf_counter
from typing import Any

import torch
from torch import Tensor, nn

from dfa_lab import networks
from dfa_lab.config import Experiment
from dfa_lab.feedback import bind
from dfa_lab.train import criterion

MOST_SEEN = 2**18  # logits that wait to be summed up


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
        self.sums = torch.zeros(2, dtype=torch.float64, device=device)  # loss and wrong samples, since the last record
        self._seen: list[tuple[Tensor, Tensor]] = []  # logits and classes of the batches that are not yet in the sums

    def step(self, x: Tensor, t: Tensor) -> None:
        """One optimiser step on the batch x (N, …), t (N,)."""
        began = perf_counter()
        self.optimizer.zero_grad()
        hs, y = self.rule.hidden(self.network, x)
        with torch.no_grad():
            e = criterion.error(self.criterion, y, t)
        self.rule.backward(hs, y, e)
        self.optimizer.step()
        self._seen.append((y.detach(), t))
        if len(self._seen) * y.numel() >= MOST_SEEN:
            self._sum_up()
        self.seconds += perf_counter() - began

    def _sum_up(self) -> None:
        """Add the batches seen to the sums, all in one go: a few small kernels a step would cost it 3 %."""
        if self._seen:
            y, t = (torch.cat(parts) for parts in zip(*self._seen, strict=True))
            self.sums += self._loss_and_wrong(y, t)
            self._seen.clear()

    def take_sums(self) -> Tensor:
        """(loss, wrong) summed over the training samples since the last call, on the device; starts them anew."""
        self._sum_up()
        sums, self.sums = self.sums, torch.zeros_like(self.sums)
        return sums

    @torch.no_grad()
    def evaluate(self, x: Tensor, t: Tensor) -> Tensor:
        """(loss, wrong) summed over the samples, on the device."""
        return self._loss_and_wrong(self.network(x), t)

    def _loss_and_wrong(self, y: Tensor, t: Tensor) -> Tensor:
        """(2,): both summed over the samples of the logits y (N, C)."""
        return torch.stack([criterion.loss(self.criterion, y, t).double().sum(), (y.argmax(1) != t).double().sum()])

    def tensors(self) -> dict[str, Tensor]:
        """Everything that has to be saved: weights, feedback, the optimiser's state, the running sums."""
        state: dict[str, Tensor] = {"sums": self.sums}
        if self._seen:  # as they are, so that they are added in the same order after a resume
            y, t = zip(*self._seen, strict=True)
            state |= {"seen.y": torch.cat(y), "seen.t": torch.cat(t), "seen.sizes": torch.tensor([len(one) for one in t])}
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
        self.sums = state["sums"].to(self.sums)
        self._seen = []
        if "seen.y" in state:
            sizes, device = state["seen.sizes"].tolist(), self.sums.device
            y, t = (state[name].to(device).split(sizes) for name in ("seen.y", "seen.t"))
            self._seen = list(zip(y, t, strict=True))
