"""The next step of one run in slow motion: forward, error, feedback, update, each with its real numbers.

The step is taken by a copy of the run, through the same code, so that what is shown is what will happen, bit for bit;
the trainer itself is left as it was.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dfa_lab.data.picturing import as_stored, pictures
from dfa_lab.measure.lengths import length, rms
from dfa_lab.measure.separation import mean_angle
from dfa_lab.networks import Network, criterion
from dfa_lab.networks.layers import Conv2d, Linear
from dfa_lab.seeding import number as seeded
from dfa_lab.train.run import Run
from dfa_lab.train.trainer import Trainer

SHOWN = 64  # units of a strip, at most


@dataclass(frozen=True)
class Strip:
    """The first entries of the first row (sample), how many it has, and the root mean square over all rows."""

    values: np.ndarray  # (at most SHOWN,), float32
    units: int
    rms: float


@dataclass(frozen=True)
class Weights:
    """Weights into the first unit of a layer, and √Σ² of the whole matrix: before, what is added, after."""

    before: Strip
    change: Strip
    after: Strip
    norms: tuple[float, float, float]


@dataclass(frozen=True)
class Layer:
    """A block, or the readout (the last one): there `h` is y, and δ̂ = δ = e.

    `a`: what the block's last weighted layer gives, before the nonlinearity; `weights`: of that layer. None where a block
    has none, and where a rule sends no signal.
    """

    a: Strip | None
    h: Strip
    signal: Strip | None
    true: Strip
    angle: float | None  # degrees between δ̂ and δ, mean over the samples
    weights: Weights | None


@dataclass(frozen=True)
class Phases:
    """What happens in the step after `step` steps. `after`: the network's tensors as they will be."""

    step: int
    x: Strip
    picture: np.ndarray | None  # (H, W, 3) from 0 to 1, of the first sample; None for points
    p: np.ndarray  # (C,): probabilities of the first sample
    e: Strip
    target: int  # class of the first sample
    samples: int
    loss: float  # mean over the batch
    wrong: int  # of the samples
    rate: float  # learning rate of this step
    layers: tuple[Layer, ...]
    after: dict[str, Tensor]


class _Watched(Run):
    """A run that remembers what its step went through."""

    def _forward(self, x: Tensor, number: int, purpose: str) -> tuple[list[Tensor], Tensor]:
        self.x, self.masks = x.detach(), (number, purpose)
        # The true gradient goes through the same weights, masks and batch statistics as the forward pass of the rule.
        self.twin = copy.deepcopy(self.network, {id(self.network.noise): self.network.noise.fresh()})
        with last_sums(self.network) as self.sums:
            return super()._forward(x, number, purpose)

    def _backward(self, hs: list[Tensor], y: Tensor, t: Tensor) -> None:
        kind, exact = self.criterion, self.experiment.exact
        with torch.no_grad():
            self.e = criterion.error(kind, criterion.as_float(y), t, exact)
        self.hs, self.y = [h.detach().clone() for h in hs], criterion.as_float(y.detach())
        twin = self.twin
        for layer, theirs in zip(twin.parameters(), self.network.parameters(), strict=True):
            layer.data.copy_(theirs.data)  # exact limits the norms between forward and backward
        twin.noise.start(lambda: seeded(self.seed, "dropout", *self.masks))
        with self._precision():
            with self.network.going_back():
                self.signals = self.rule.signals(hs, y, self.e.to(y.dtype))
            with twin.through_weights():
                true_hs, true_y = twin.hidden(self.x)
                with twin.going_back():
                    self.deltas = torch.autograd.grad(true_y, true_hs, self.e.to(true_y.dtype))
        super()._backward(hs, y, t)


def phases(trainer: Trainer, run: int, rate: float | None = None) -> Phases:
    """What the next step will do to run number `run`; `rate`: the learning rate, where another one has been asked for.

    Raises RuntimeError within a step, or when there is no next one.
    """
    if not trainer.between_steps or trainer.done or trainer.runs[run].schedule.ended:
        raise RuntimeError("slow motion shows a step that has not begun, and there has to be one")
    if torch.get_num_threads() != trainer.threads:
        torch.set_num_threads(trainer.threads)  # as the trainer does: sums depend on it in their last digit
    experiment = trainer.experiment
    original = trainer.runs[run]
    watched = copy.deepcopy(original, {id(experiment): experiment, id(original.network.noise): original.network.noise.fresh()})
    watched.__class__ = _Watched
    assert isinstance(watched, _Watched)
    if rate is not None:
        watched.learning_rate = rate
        watched.set_rate(trainer.step)
    before = {name: tensor.clone() for name, tensor in watched.network.state_dict().items()}
    own = [trainer.device] if trainer.device.type == "cuda" else []
    with torch.random.fork_rng(devices=own):  # a person's own network may draw from it
        x, t = trainer.next_batch(watched.seed)
        watched.step(x, t, trainer.step)
        after = _as_it_will_be(trainer, run, rate)
    with torch.no_grad():
        return _told(trainer, watched, t, before, after or watched.network.state_dict())


def _as_it_will_be(trainer: Trainer, run: int, rate: float | None) -> dict[str, Tensor]:
    """The tensors of a run after a step whose gradients are computed by hand, and so with other last digits than by the
    copy that is watched; empty if it is the same computation."""
    numbers, stepper = trainer.group_of(run)
    if not stepper.by_hand:
        return {}
    runs = [copy.deepcopy(trainer.runs[n], {id(trainer.experiment): trainer.experiment}) for n in numbers]
    for one in runs:
        if rate is not None:
            one.learning_rate = rate
            one.set_rate(trainer.step)
    batches = {one.seed: trainer.next_batch(one.seed) for one in runs}
    stepper.like(runs).step(batches, trainer.step, (), nullcontext)
    return runs[numbers.index(run)].network.state_dict()


def _told(trainer: Trainer, run: _Watched, t: Tensor, before: dict[str, Tensor], after: dict[str, Tensor]) -> Phases:
    experiment, data = trainer.experiment, trainer.data
    layers = []
    signals: list[Tensor | None] = [*run.signals, run.e]
    after = {name: tensor.detach() for name, tensor in after.items()}
    last = _last_layers(run.network)
    for number, (h, signal, delta) in enumerate(zip([*run.hs, run.y], signals, [*run.deltas, run.e], strict=True), start=1):
        a, name = run.sums.get(number), f"{last[number][0]}.weight" if number in last else None
        layers.append(
            Layer(
                None if a is None else strip(a),
                strip(h),
                None if signal is None else strip(signal),
                strip(delta),
                None if signal is None else mean_angle(signal.float(), delta.float()),
                None if name is None else _weights(before[name], after[name]),
            )
        )
    loss = criterion.loss(run.criterion, run.y, t, experiment.exact)
    p = torch.softmax(run.y[0], 0) if run.criterion == "ce" else torch.sigmoid(run.y[0])
    images = len(data.facts.shape) == 3
    return Phases(
        step=trainer.step,
        x=strip(run.x),
        picture=pictures(data, as_stored(data, run.x[:1]), experiment)[0].copy() if images else None,
        p=p.float().cpu().numpy(),
        e=strip(run.e),
        target=int(t[0]),
        samples=len(t),
        loss=float(loss.double().mean()),
        wrong=int((run.y.argmax(1) != t).sum()),
        rate=run.optimizer.param_groups[0]["lr"],
        layers=tuple(layers),
        after=after,
    )


def strip(values: Tensor) -> Strip:
    """A strip of values (N, …), of which a row is a sample."""
    rows = values.detach().flatten(1)
    return Strip(rows[0, :SHOWN].float().cpu().numpy().copy(), rows.shape[1], rms(rows))


def _weights(before: Tensor, after: Tensor) -> Weights:
    W, W_after = (M.detach().flatten(1) for M in (before, after))
    change = W_after - W
    norms = tuple(float(length(M.flatten())) for M in (W, change, W_after))
    return Weights(strip(W), strip(change), strip(W_after), (norms[0], norms[1], norms[2]))


def _last_layers(network: Network) -> dict[int, tuple[str, Linear | Conv2d]]:
    """(name, layer) of the last weighted layer of each block and of the readout, by number."""
    parts = {number: (f"blocks.{number - 1}", block) for number, block in enumerate(network.blocks, start=1)}
    parts[len(parts) + 1] = ("readout", network.readout)
    found = {}
    for number, (path, part) in parts.items():
        for name, module in part.named_modules(prefix=path):
            if isinstance(module, (Linear, Conv2d)):
                found[number] = (name, module)
    return found


@contextmanager
def last_sums(network: Network) -> Iterator[dict[int, Tensor]]:
    """Inside, a forward pass fills {number: a} with what the last weighted layers give."""
    found: dict[int, Tensor] = {}

    def hook(number: int):
        def look(module: nn.Module, _: object, a: Tensor) -> None:
            found[number] = a.detach().clone()

        return look

    handles = [layer.register_forward_hook(hook(number)) for number, (_, layer) in _last_layers(network).items()]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()
