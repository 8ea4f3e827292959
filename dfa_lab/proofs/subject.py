"""Subject: one rule on its network and one real batch, on which the proofs experiment."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from dfa_lab import data
from dfa_lab.feedback.path_check import traced
from dfa_lab.feedback.tracing import Kind
from dfa_lab.measure.lengths import length, rms
from dfa_lab.networks import criterion
from dfa_lab.networks.layers import Conv2d, Dropout, Linear
from dfa_lab.proofs.verdicts import promise
from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.run import Run

MOST_SAMPLES = 32
LEAST_SAMPLES = 2
WORK = 100_000_000  # multiplications of a forward pass: a tenth of a second in float64
SAME = 1e-9  # of a gradient: what float64 leaves of two that are one
MOST_LAYERS = 5  # that are changed in turn; more would not fit on a page


class Subject:
    """A rule and its network in evaluation mode and float64. A `part` is a block or, number L+1, the readout."""

    def __init__(self, name: str, run: Run, x: Tensor, t: Tensor):
        """`run` in float64; x (N, …) and t (N,) fit its network."""
        self.name, self.x, self.t = name, x, t
        self.network, self.rule = run.network.eval(), run.rule.eval()
        self.promise = promise(name)
        self.blocks = len(self.network.blocks)
        parts = (*self.network.blocks, self.network.readout)
        self._parts = [[p for p in part.parameters() if p.requires_grad] for part in parts]
        with torch.no_grad():
            self.e = criterion.error(run.criterion, self.network(x), t)  # (N, C), kept while weights are changed

    @property
    def shown(self) -> list[int]:
        """The parts that are looked at: all, or some that are evenly spread, the first and the readout among them."""
        last = self.blocks + 1
        if last <= MOST_LAYERS:
            return list(range(1, last + 1))
        return sorted({1 + round(n * (last - 1) / (MOST_LAYERS - 1)) for n in range(MOST_LAYERS)})

    @property
    def chain(self) -> bool:
        """Whether the network is a chain of single layers, each the first of its block with parameters: no path leads around
        one, and nothing learns between it and the block below."""
        return all(_single(block) for block in self.network.blocks)

    @cached_property
    def factors(self) -> dict[int, list[Tensor]]:
        """The weights of every part that an error is multiplied with, by the number of the part: those of the lab's layers,
        and what else backpropagation sends the error through."""
        network = self.network
        used = {name for product in traced(None, network, self.x[:LEAST_SAMPLES]).products for name in product.weights}
        inside = {id(W) for _, W in network.weights()}
        parts = [*network.blocks, network.readout]
        theirs = {id(p) for name, p in network.named_parameters() if name in used} | inside
        return {n: [p for p in part.parameters() if id(p) in theirs] for n, part in enumerate(parts, start=1)}

    @property
    def as_differentiated(self) -> bool:
        """Whether the rule's gradients are those of automatic differentiation, everywhere."""
        found, wanted = self.gradients(), self.true_gradients()
        return all((change(found[l], wanted[l]) or 0.0) <= SAME for l in wanted)

    @property
    def through_weights(self) -> bool:
        """Whether the rule's backward pass multiplies an error by a forward weight."""
        products = traced(self.rule, self.network, self.x[:LEAST_SAMPLES]).products
        return any(product.kind is Kind.WEIGHTS for product in products)

    def gradients(
        self, *, meanwhile: AbstractContextManager[Any] | None = None, samples: slice = slice(None)
    ) -> dict[int, Tensor]:
        """The rule's gradient of every part, flattened, weights and biases; zeros where it trains nothing.

        `meanwhile` is entered after the forward pass and left after the backward pass.
        """
        self.network.zero_grad()
        hs, y = self.rule.hidden(self.network, self.x[samples])
        with meanwhile or nullcontext(), self.network.going_back():
            self.rule.backward(hs, y, self.e[samples])
        return self._joined([[p.grad for p in part] for part in self._parts])

    def true_gradients(self, samples: slice = slice(None)) -> dict[int, Tensor]:
        """The same, of the same error, by plain automatic differentiation through the forward weights."""
        with self.network.through_weights():
            y = self.network(self.x[samples])
            flat = [p for part in self._parts for p in part]
            with self.network.going_back():
                found = iter(torch.autograd.grad(y, flat, self.e[samples], allow_unused=True))
        return self._joined([[next(found) for _ in part] for part in self._parts])

    def _joined(self, grads: list[list[Tensor | None]]) -> dict[int, Tensor]:
        return {
            number: torch.cat([(torch.zeros_like(p) if g is None else g).flatten() for p, g in zip(part, found, strict=True)])
            for number, (part, found) in enumerate(zip(self._parts, grads, strict=True), start=1)
        }

    @contextmanager
    def changed_weights(self, number: int) -> Iterator[None]:
        """Inside, the weights W of part `number` have random noise of their own size added to them."""
        weights = self.factors[number]
        kept = [W.detach().clone() for W in weights]
        stream = torch.Generator().manual_seed(number)
        for W in weights:
            size = rms(W) or W[0].numel() ** -0.5
            # through .data, so that a backward pass that is still to come sees the change, too
            W.data.add_(size * torch.randn(W.shape, generator=stream, dtype=W.dtype))
        try:
            yield
        finally:
            for W, old in zip(weights, kept, strict=True):
                W.data.copy_(old)

    @contextmanager
    def matrices_kept(self) -> Iterator[dict[int, Tensor]]:
        """The rule's matrices, by the block that receives them, to be overwritten; afterwards they are as before."""
        matrices = self.rule.matrices(self.network)
        kept = {number: B.clone() for number, B in matrices.items()}
        try:
            yield matrices
        finally:
            for number, old in kept.items():
                matrices[number].copy_(old)


def _single(block: nn.Module) -> bool:
    """Whether a block is one layer of the lab among torch's own modules, of which those before it learn nothing."""
    parts = list(block.children()) if type(block) is nn.Sequential else [block]
    layers = [place for place, part in enumerate(parts) if isinstance(part, (Linear, Conv2d))]
    if len(layers) != 1:
        return False
    others = [part for place, part in enumerate(parts) if place != layers[0]]
    known = all(isinstance(part, Dropout) or _torch_s(part) for part in others)
    return known and not [p for part in parts[: layers[0]] for p in part.parameters()]


def _torch_s(part: nn.Module) -> bool:
    return type(part).__module__.startswith("torch.nn.modules.") and not list(part.children())


def change(found: Tensor, before: Tensor) -> float | None:
    """|found - before| / |before|; None if both are zero: there is nothing to compare."""
    size, moved = (float(length(one.flatten())) for one in (before, found - before))
    if not size:
        return float("inf") if moved else None
    return moved / size


def subject(experiment: Experiment, name: str, dataset: data.DataSet) -> Subject:
    """The rule at its initial weights, with the first of the first seed's probe samples, on the CPU in float64."""
    cpu, seed = torch.device("cpu"), experiment.seeds[0]
    run = Run(plain(experiment), name, seed, dataset.facts.shape, dataset.facts.classes, cpu, torch.float64)
    fitting = WORK // max(1, sum(run.network.multiplications()))
    order = torch.randperm(len(dataset.x_train), generator=generator(seed, "probe"))
    chosen = order[: min(MOST_SAMPLES, max(LEAST_SAMPLES, fitting))].to(dataset.x_train.device)
    x = dataset.inputs(dataset.x_train[chosen], torch.float32).to(cpu, torch.float64)
    return Subject(name, run, x, dataset.y_train[chosen].to(cpu))


def plain(experiment: Experiment) -> Experiment:
    """The experiment without the paper's zeros and with the rules as they are defined; `left_aside` says so.

    Nothing follows the epochs, of which there are none.
    """
    init = "ordinary" if experiment.init == "paper" else experiment.init
    return experiment.model_copy(update={"init": init, "exact": False, "schedule": "constant", "warm_up": 0.0})


def left_aside(experiment: Experiment) -> list[str]:
    """A sentence for each setting that `plain` changes."""
    sentences = []
    if experiment.exact:
        sentences.append(
            "Exactly as dfa-torch is left aside: there dfa may broadcast the target for the error, and fa may begin with B = W."
        )
    elif experiment.init == "paper":
        sentences.append("At ordinary initial weights: at the paper's zeros the true gradient is zero, and equal to anything.")
    return sentences
