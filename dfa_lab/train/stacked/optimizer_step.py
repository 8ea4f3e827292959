"""The steps of sgd, nag, rmsprop, adam and adamw on long vectors, in place; their state is that of torch's own optimisers.

The formulas are torch's (torch.optim.SGD, RMSprop, Adam, AdamW without options). The last three are torch's fused kernels of
adam and adamw, which pass through memory once: rmsprop is adam without a mean (β₁ = 0), whose correction has come to an end.
The other optimisers are torch's own, given these gradients: no kernel of torch's makes the steps of nadam and the rest in one
pass, and muon's are products of whole matrices, beside which the passes do not count.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn, optim

from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.stacked.flat import Flat

STATES = {
    "sgd": ("momentum_buffer",),
    "nag": ("momentum_buffer",),
    "rmsprop": ("square_avg",),
    "adam": ("exp_avg", "exp_avg_sq"),
    "adamw": ("exp_avg", "exp_avg_sq"),
}
WITH_MEAN = ("adam", "adamw")
ALPHA, EPS = 0.99, 1e-8  # of rmsprop
BETA1, BETA2 = 0.9, 0.999  # of adam and adamw
FOREVER = 1e6  # steps after which 1 - ALPHA**steps is 1
DEVICES = ("cpu", "cuda")  # that have the fused kernel

Columns = list[list[Tensor]]  # parameters, their gradients and each state: views of the same entries


def known(experiment: Experiment, device: torch.device) -> bool:
    """Whether the experiment's optimiser is one of these."""
    return experiment.optimizer in STATES and device.type in DEVICES


class Update:
    """One optimiser for all runs of a Flat. `rates` are set by `set_rates`, one a run."""

    def __init__(
        self,
        experiment: Experiment,
        flat: Flat,
        stages: Sequence[range],
        parameters: Sequence[Sequence[nn.Parameter]],
        optimizers: Sequence[optim.Optimizer],
    ):
        """`stages`: which parameters of `flat` are moved together, stage by stage; `parameters` are those of the runs, and
        `optimizers` the runs' own. What these know so far is taken over; from then on their states are views of this one's.
        """
        self._flat, self._stages = flat, stages
        self._decay, self._momentum = experiment.weight_decay, experiment.momentum
        self._kind = experiment.optimizer
        self._dampening = self._momentum if self._kind == "sgd" and experiment.dampening else 0.0
        self._parameters, self._optimizers = parameters, optimizers
        self._trained = [k for stage in stages for k in stage]
        self.rates: list[float] = []
        self._jobs: list[list[Callable[[float], object]]] = []  # stage -> what makes the step of its parameters at a rate
        names = STATES[self._kind] if self._momentum or self._kind not in ("sgd", "nag") else ()
        self._states = {name: torch.zeros_like(flat.values) for name in names}
        self._steps = torch.zeros(len(parameters), len(optimizers))  # torch counts them in each parameter's state, on the CPU
        self._counted = self._steps.numpy()  # the same memory: to add 1 takes numpy a fifth of the time
        self._begun = self._take_over()
        done = FOREVER if self._kind == "rmsprop" else float(self._steps.max()) if self._steps.numel() else 0.0
        self._count = torch.tensor(done, device=flat.values.device)
        if self._begun:
            self._give_back()

    @property
    def is_plain_descent(self) -> bool:
        """Whether a step is rate × gradient and no more."""
        return self._kind == "sgd" and not self._states and not self._decay

    @property
    def repeats(self) -> bool:
        """Whether every step is the same operations, from now on and while the rates stay."""
        return self._begun or not self._states

    def set_rates(self, rates: Sequence[float]) -> None:
        """The learning rate of each run. It may be another one in each step, which costs as good as nothing."""
        alike = len(set(rates)) == 1
        if not self._jobs or alike is not (len(set(self.rates)) == 1):
            self._jobs = self._jobs_for_all() if alike else self._jobs_by_run()
        self.rates = list(rates)

    def _jobs_for_all(self) -> list[list[Callable[[float], object]]]:
        """One job a stage, of the entries of all runs."""
        vectors = (self._flat.values, self._flat.grads, *self._states.values())
        return [[self._job([[self._flat.piece(vector, stage)] for vector in vectors])] for stage in self._stages]

    def _jobs_by_run(self) -> list[list[Callable[[float], object]]]:
        """A job for each run in each stage."""
        pieces = [self._flat.split(vector) for vector in (self._flat.values, self._flat.grads, *self._states.values())]
        runs = range(len(self._optimizers))
        return [[self._job([[piece[k][r] for k in stage] for piece in pieces]) for r in runs] for stage in self._stages]

    def _job(self, columns: Columns) -> Callable[[float], object]:
        return self._descends(columns) if self._kind in ("sgd", "nag") else self._adapts(columns)

    def count(self) -> None:
        """One more step is going to be made."""
        if self._kind in WITH_MEAN:
            self._count += 1
        if self._states:
            self._counted += 1

    def move(self, stage: int) -> None:
        """Make the step of a stage's parameters, from their gradients, which are written over."""
        for make, rate in zip(self._jobs[stage], self.rates, strict=False):  # one job for all has the rate of all
            make(rate)

    def made(self) -> None:
        """All stages have moved."""
        if self._states and not self._begun:
            self._begun = True
            self._give_back()

    def _descends(self, columns: Columns) -> Callable[[float], object]:
        rows = list(zip(*columns, strict=True))

        def step(rate: float) -> None:
            for p, g, *state in rows:
                self._descend(p, g, state, rate)

        return step

    def _descend(self, p: Tensor, g: Tensor, state: Sequence[Tensor], rate: float) -> None:
        if self._decay:
            g.add_(p, alpha=self._decay)
        for buffer in state:
            if self._begun:
                buffer.mul_(self._momentum).add_(g, alpha=1 - self._dampening)
            else:
                buffer.copy_(g)
            g = g.add_(buffer, alpha=self._momentum) if self._kind == "nag" else buffer
        p.add_(g, alpha=-rate)

    def _adapts(self, columns: Columns) -> Callable[[float], object]:
        ps, gs, *states = columns
        means, squares = states if self._kind in WITH_MEAN else (gs, states[0])  # without a mean it is the gradient itself
        beta1, beta2 = (BETA1, BETA2) if self._kind in WITH_MEAN else (0.0, ALPHA)
        kernel = torch._fused_adamw_ if self._kind == "adamw" else torch._fused_adam_  # pyright: ignore[reportPrivateImportUsage]
        make = partial(
            kernel,
            *(ps, gs, means, squares, [], [self._count] * len(ps)),
            beta1=beta1,
            beta2=beta2,
            weight_decay=self._decay,
            eps=EPS,
            amsgrad=False,
            maximize=False,
        )
        return lambda rate: make(lr=rate)

    def _take_over(self) -> bool:
        """What torch's optimisers know; False if they have not made a step yet."""
        found = False
        for name, flat in self._states.items():
            pieces = self._flat.split(flat)
            for k in self._trained:
                for r, row in enumerate(pieces[k]):
                    state = self._optimizers[r].state.get(self._parameters[k][r], {})
                    if isinstance(old := state.get(name), Tensor):
                        row.copy_(old)
                        found = True
                        if "step" in state:
                            self._steps[k, r] = float(state["step"])
        return found

    def _give_back(self) -> None:
        """Let the optimisers of the runs know what they would know had they made the steps themselves."""
        pieces = {name: self._flat.split(flat) for name, flat in self._states.items()}
        for k in self._trained:
            for r, p in enumerate(self._parameters[k]):
                state = self._optimizers[r].state[p]
                for name in pieces:
                    state[name] = pieces[name][k][r]
                if self._kind not in ("sgd", "nag"):
                    state["step"] = self._steps[k, r]


def gradients_to_torch(flat: Flat, trained: Sequence[int], parameters: Sequence[Sequence[nn.Parameter]]) -> Callable[[], None]:
    """For the other optimisers: what puts the gradients where torch's look for them."""
    views = flat.split(flat.grads)

    def give() -> None:
        for k in trained:
            for p, row in zip(parameters[k], views[k], strict=True):
                p.grad = row

    return give
