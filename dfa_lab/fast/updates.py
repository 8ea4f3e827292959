"""The steps of sgd, nag, rmsprop and adam on one long vector, in place; their state is that of torch's own optimisers.

The formulas are torch's (torch.optim.SGD, RMSprop, Adam without options); what is gained is memory traffic: on a CPU a
piece of the vector goes through all of them while it is in the cache.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn, optim

from dfa_lab.config import Experiment
from dfa_lab.fast.flat import Flat

PIECE = 2**16  # entries that go through an update at once on a CPU: three vectors of them fit in a core's cache
STATES = {
    "sgd": ("momentum_buffer",),
    "nag": ("momentum_buffer",),
    "rmsprop": ("square_avg",),
    "adam": ("exp_avg", "exp_avg_sq"),
}
ALPHA, EPS = 0.99, 1e-8  # of rmsprop
BETA1, BETA2 = 0.9, 0.999  # of adam


def known(experiment: Experiment) -> bool:
    """Whether the experiment's optimiser is one of these."""
    return experiment.optimizer in STATES


class Update:
    """One optimiser for all runs of a Flat. `rates` are set by `set_rates`, one a run."""

    def __init__(
        self,
        experiment: Experiment,
        flat: Flat,
        start: int,
        parameters: Sequence[Sequence[nn.Parameter]],
        optimizers: Sequence[optim.Optimizer],
    ):
        """`start`: the first entry that is trained, where `parameters` begin; those and `optimizers` are those of the runs.

        What the optimisers know so far is taken over; from then on their states are views of this one's.
        """
        self._flat, self._start = flat, start
        self._decay, self._momentum = experiment.weight_decay, experiment.momentum
        self._kind = experiment.optimizer
        self._parameters, self._optimizers = parameters, optimizers
        self._first = len(flat.shapes) - len(parameters)  # number of the first parameter that is trained
        self._rates: list[float] = []
        self._rate: float | Tensor = 0.0
        names = STATES[self._kind] if self._momentum or self._kind not in ("sgd", "nag") else ()
        self._states = {name: torch.zeros_like(flat.values) for name in names}
        device = flat.values.device
        self._steps = torch.zeros(len(parameters), len(optimizers))  # torch counts them in each parameter's state, on the CPU
        self._count = 0  # steps done, where the formula needs them
        self._begun = self._take_over()
        whole = flat.values[start:], flat.grads[start:], *(state[start:] for state in self._states.values())
        cut = PIECE if device.type == "cpu" else max(1, len(whole[0]))
        self._pieces = list(zip(*(vector.split(cut) for vector in whole), strict=True))
        self._scratch = torch.empty_like(self._pieces[0][0])
        if self._begun:
            self._give_back()

    def set_rates(self, rates: Sequence[float]) -> None:
        """The learning rate of each run."""
        if list(rates) == self._rates:
            return
        self._rates = list(rates)
        if len(set(rates)) == 1:
            self._rate = rates[0]
            return
        spread = torch.empty_like(self._flat.values)
        for rows in self._flat.split(spread):
            for row, rate in zip(rows, rates, strict=True):
                row.fill_(rate)
        self._rate = spread[self._start :]

    @property
    def repeats(self) -> bool:
        """Whether every step is the same operations with the same numbers, from now on and while the rates stay."""
        return self._kind != "adam" and (self._begun or not self._states)

    def count(self) -> None:
        """One more step is going to be made."""
        self._count += 1
        if self._states:
            self._steps += 1

    def move(self) -> None:
        """Make it, from the gradients, which are written over."""
        rates = self._rate.split(len(self._scratch)) if isinstance(self._rate, Tensor) else [self._rate] * len(self._pieces)
        for (p, g, *state), rate in zip(self._pieces, rates, strict=True):
            if self._decay:
                g.add_(p, alpha=self._decay)
            self._move(p, g, state, rate)
        if self._states and not self._begun:
            self._begun = True
            self._give_back()

    def _move(self, p: Tensor, g: Tensor, state: Sequence[Tensor], rate: float | Tensor) -> None:
        scratch = self._scratch[: len(p)]
        match self._kind:
            case "sgd" | "nag":
                if state:
                    g = self._with_momentum(g, state[0])
                _add(p, g, rate)
            case "rmsprop":
                (square,) = state
                square.mul_(ALPHA).addcmul_(g, g, value=1 - ALPHA)
                torch.sqrt(square, out=scratch)
                _add_quotient(p, g, scratch.add_(EPS), rate)
            case "adam":
                mean, square = state
                mean.lerp_(g, 1 - BETA1)
                square.mul_(BETA2).addcmul_(g, g, value=1 - BETA2)
                torch.sqrt(square, out=scratch)
                scratch.div_((1 - BETA2**self._count) ** 0.5).add_(EPS)
                _add_quotient(p, mean, scratch, rate / (1 - BETA1**self._count))

    def _with_momentum(self, g: Tensor, buffer: Tensor) -> Tensor:
        dampening = self._momentum if self._kind == "sgd" else 0.0
        if self._begun:
            buffer.mul_(self._momentum).add_(g, alpha=1 - dampening)
        else:
            buffer.copy_(g)
        return g.add_(buffer, alpha=self._momentum) if self._kind == "nag" else buffer

    def _take_over(self) -> bool:
        """What torch's optimisers know; False if they have not made a step yet."""
        found = False
        for name, flat in self._states.items():
            for k, rows in enumerate(self._flat.split(flat)[self._first :]):
                for r, row in enumerate(rows):
                    state = self._optimizers[r].state.get(self._parameters[k][r], {})
                    if isinstance(old := state.get(name), Tensor):
                        row.copy_(old)
                        found = True
                        if "step" in state:
                            self._steps[k, r] = float(state["step"])
        self._count = int(self._steps.max()) if self._steps.numel() else 0
        return found

    def _give_back(self) -> None:
        """Let the optimisers of the runs know what they would know had they made the steps themselves."""
        counts = self._kind in ("rmsprop", "adam")
        for k, same in enumerate(self._parameters):
            for r, p in enumerate(same):
                state = self._optimizers[r].state[p]
                for name, flat in self._states.items():
                    state[name] = self._flat.split(flat)[self._first + k][r]
                if counts:
                    state["step"] = self._steps[k, r]


def _add(p: Tensor, g: Tensor, rate: float | Tensor) -> None:
    if isinstance(rate, Tensor):
        p.addcmul_(g, rate, value=-1)
    else:
        p.add_(g, alpha=-rate)


def _add_quotient(p: Tensor, above: Tensor, below: Tensor, rate: float | Tensor) -> None:
    if isinstance(rate, Tensor):
        p.addcmul_(torch.div(above, below, out=below), rate, value=-1)
    else:
        p.addcdiv_(above, below, value=-rate)


def gradients_to_torch(flat: Flat, start: int, parameters: Sequence[Sequence[nn.Parameter]]) -> Callable[[], None]:
    """For the other optimisers: what puts the gradients where torch's look for them."""
    views = flat.split(flat.grads)[len(flat.shapes) - len(parameters) :]

    def give() -> None:
        for same, rows in zip(parameters, views, strict=True):
            for p, row in zip(same, rows, strict=True):
                p.grad = row

    return give
