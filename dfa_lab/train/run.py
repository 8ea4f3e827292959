"""Run: one rule with one seed. It owns a network, the rule's feedback, an optimiser, its schedule and its tallies."""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from dfa_lab import networks
from dfa_lab.feedback import bind
from dfa_lab.feedback.changing import Change, change
from dfa_lab.feedback.distributions import draw, half_width
from dfa_lab.networks import adversarial, criterion
from dfa_lab.networks.adjusting import adjust, zero_biases
from dfa_lab.networks.layers import Conv2d
from dfa_lab.networks.max_norm import limit, limit_as_dfa_torch
from dfa_lab.seeding import number as seeded
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.autograd.before_step import Before
from dfa_lab.train.optimizers import optimizer, own_rate
from dfa_lab.train.schedule import Schedule
from dfa_lab.train.state_file import CheckpointError
from dfa_lab.train.tally import Tally


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
        steps_per_epoch: int | None = None,
    ):
        """`steps_per_epoch`: see Schedule, which raises ValueError without it where it needs it."""
        self.experiment, self.seed, self.device = experiment, seed, device
        self.criterion = experiment.criterion
        self.network = networks.build(experiment, shape, classes, seed)
        adjust(self.network, experiment, seed)
        self.rule = bind(rule, self.network, experiment, seed)
        self.network.to(device, dtype)
        self.rule.to(device, dtype)
        trained = [p for p in self.network.parameters() if p.requires_grad]
        self.optimizer = optimizer(experiment, trained, self.network.hidden_matrices())
        self.schedule = Schedule(experiment, steps_per_epoch)
        self.learning_rate = experiment.learning_rate  # before the schedule
        self.seconds = 0.0  # spent in steps, by the trainer's clock
        self.clean = Tally(experiment.criterion, experiment.exact, device)
        self.moved = Tally(experiment.criterion, experiment.exact, device)  # of adversarial batches
        self.set_rate(0)

    def set_rate(self, steps: int) -> None:
        """The learning rate that the schedule gives after this many steps."""
        if own_rate(self.experiment) is not None:
            return
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate * self.schedule.factor(steps)

    def step(
        self,
        x: Tensor,
        t: Tensor,
        number: int = 0,
        watched: Collection[str] = (),
        apart: Callable[[], AbstractContextManager] = nullcontext,
    ) -> Before | None:
        """One optimiser step on the batch x (N, …), t (N,); `number`: steps done before it.

        `watched`: groups of measures that look at this step. What the weights were and where the true gradient pointed then
        comes back; that is found out inside `apart`.
        """
        experiment, network = self.experiment, self.network
        if not self.schedule.stays(number):
            self.set_rate(number)
        self.optimizer.zero_grad()
        network.mode(training=True)
        clean = x
        if experiment.eps:
            x = self._move(x, t, number)
        noted = None
        if watched:
            with apart():
                noted = self.note(x, t, number, watched, clean)
        hs, y = self._forward(x, number, "moved" if experiment.eps else "clean")
        if experiment.exact and not experiment.eps:
            limit_as_dfa_torch(network, experiment.max_in_norm, experiment.max_out_norm)
        self._backward(hs, y, t)
        self.optimizer.step()
        if not experiment.exact:
            limit(network, experiment.max_in_norm, experiment.max_out_norm)
        elif not experiment.bias:
            zero_biases(network)
        (self.moved if experiment.eps else self.clean).add(y, t)
        return noted

    def note(self, x: Tensor, t: Tensor, number: int, groups: Collection[str], clean: Tensor | None = None) -> Before:
        """The weights and the true gradient of the next step, on x, which is `clean` moved by ε or itself."""
        self.network.mode(training=True)
        clean = x if clean is None else clean

        def backward() -> tuple[Tensor, Tensor]:
            purpose = "moved" if self.experiment.eps else "clean"
            batches = [(x, purpose), *([(clean, "clean")] if self.experiment.eps and self.experiment.accumulate else [])]
            ys = []
            for inputs, purpose in batches:
                self.network.noise.start(lambda purpose=purpose: seeded(self.seed, "dropout", number, purpose))
                with self._precision():
                    ys.append(self.network(inputs.detach()))
            errors = [criterion.error(self.criterion, criterion.as_float(y.detach()), t, self.experiment.exact) for y in ys]
            return torch.cat(ys), torch.cat(errors)

        return Before(self.network, self.rule, backward, groups)

    def _forward(self, x: Tensor, number: int, purpose: str) -> tuple[list[Tensor], Tensor]:
        """The rule's, with the dropout masks of this step; they are the same for every rule of a seed."""
        self.network.noise.start(lambda: seeded(self.seed, "dropout", number, purpose))
        with self._precision():
            return self.rule.hidden(self.network, x)

    def _backward(self, hs: list[Tensor], y: Tensor, t: Tensor) -> None:
        with torch.no_grad():
            e = criterion.error(self.criterion, criterion.as_float(y), t, self.experiment.exact)
        with self._precision(), self.network.going_back():
            self.rule.backward(hs, y, e)

    def _move(self, x: Tensor, t: Tensor, number: int) -> Tensor:
        """The batch moved against this network, as it is in training; with `accumulate` the unmoved one leaves a gradient."""
        experiment, network = self.experiment, self.network
        x = x.detach().requires_grad_()
        network.noise.start(lambda: seeded(self.seed, "dropout", number, "clean"))
        with self._precision(), network.through_weights():
            if experiment.exact:
                self._first_through_feedback()
            y = network(x)
        self.clean.add(y, t)
        if experiment.exact:
            limit_as_dfa_torch(network, experiment.max_in_norm, experiment.max_out_norm)
        e = criterion.error(self.criterion, criterion.as_float(y.detach()), t, experiment.exact).to(y.dtype)
        with network.going_back():
            if experiment.exact and experiment.accumulate:
                y.backward(e)  # true backpropagation in every layer, whatever the rule
                slope = x.grad
            else:
                (slope,) = torch.autograd.grad(y, x, e)
        assert slope is not None
        if experiment.accumulate and not experiment.exact:
            self._backward(*self._forward(x.detach(), number, "clean"), t)
        return adversarial.step(x, slope, experiment.eps)

    def _first_through_feedback(self) -> None:
        """dfa-torch does not tell its first module to use W: if that is fa's convolution, its input gradient uses B."""
        _, first = next(self.network.layers())
        if isinstance(first, Conv2d) and self.experiment.dropout != 1:
            first.through_weights = False

    def _precision(self) -> AbstractContextManager:
        if self.experiment.precision == "bf16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()

    @torch.no_grad()
    def evaluate(self, x: Tensor, t: Tensor) -> Tensor:
        """(loss, wrong) summed over the samples, on the device."""
        self.network.mode(training=False)
        with self._precision():
            y = self.network(x)
        return self.clean.loss_and_wrong(y, t)

    def evaluate_moved(self, x: Tensor, t: Tensor) -> Tensor:
        """(loss, wrong) summed over the samples, moved by ε against this network."""
        self.network.mode(training=False)
        with self._precision():
            x = adversarial.moved(self.network, self.criterion, x, t, self.experiment.eps)
        return self.evaluate(x, t)

    def change_feedback(self, wanted: Change, again: int) -> bool:
        """Between two steps: whether there is such feedback; `again` is the number of a redrawing."""

        def redrawn(B: Tensor) -> Tensor:
            shape = tuple(B.shape)
            bound = half_width(shape, self.experiment.feedback_magnitude)
            return draw(self.experiment, self.seed, wanted.block, shape, bound, again)

        return change(self.rule, self.network, wanted, redrawn)

    def tensors(self) -> dict[str, Tensor]:
        """Everything that has to be saved: weights, feedback, the optimiser's state, the tallies."""
        state = {f"clean.{name}": tensor for name, tensor in self.clean.tensors().items()}
        state |= {f"moved.{name}": tensor for name, tensor in self.moved.tensors().items()}
        state |= {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        state |= {f"rule.{name}": tensor for name, tensor in self.rule.state_dict().items()}
        for number, kept in self.optimizer.state_dict()["state"].items():
            state |= {f"optimizer.{number}.{name}": t for name, t in kept.items() if isinstance(t, Tensor)}
        return state

    def load_tensors(self, state: dict[str, Tensor]) -> None:
        """Undo `tensors`. Raises RuntimeError, KeyError or ValueError if they are of another network, and CheckpointError if
        its layers had other feedback."""
        self._require_same_feedback(below("network.", state))
        self.network.load_state_dict(below("network.", state))
        self.rule.load_state_dict(below("rule.", state))
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        kept: dict[int, dict[str, Any]] = {}
        for name, tensor in below("optimizer.", state).items():
            number, key = name.split(".", 1)
            if tensor.ndim and tensor.shape != parameters[int(number)].shape:
                raise ValueError(f"{name} is not of this network")
            kept.setdefault(int(number), {})[key] = tensor.clone()
        if self.optimizer.__class__ is torch.optim.SGD:
            for one in kept.values():
                one.setdefault("momentum_buffer", None)
        self.optimizer.load_state_dict({"state": kept, "param_groups": self.optimizer.state_dict()["param_groups"]})
        for number, one in kept.items():  # torch gives a number, such as nadam's product, the type of its parameter: it rounds
            numbers = {key: t for key, t in one.items() if t is not None and not t.ndim}
            self.optimizer.state[parameters[number]].update(numbers)
        self.clean.load_tensors(below("clean.", state))
        self.moved.load_tensors(below("moved.", state))

    def _require_same_feedback(self, theirs: Mapping[str, Tensor]) -> None:
        """An earlier lab gave no B to the layer that was defined first, even where it was not the first to be used."""
        mine, others = ({name for name in one if name.endswith(".feedback")} for one in (self.network.state_dict(), theirs))
        if self.experiment.network_file and mine and others and mine != others:
            layers = ", ".join(sorted(name.removesuffix(".feedback") for name in mine ^ others))
            raise CheckpointError(
                f"It was trained with feedback matrices in other layers ({layers}), by a lab that sent errors through weights "
                "instead. What was measured stays; to go on would be another rule: train it again from the beginning."
            )


def below(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The entries whose names begin so, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
