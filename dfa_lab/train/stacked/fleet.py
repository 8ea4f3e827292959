"""Fleet: runs that make their steps together, as one computation on stacked tensors; a fleet of one is a run by hand.

The runs stay what they are: their parameters, feedback and optimisers are views of what is trained here, so everything
that measures, shows, saves or changes a run works on it between two steps.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from dfa_lab.machine.memory_layout import columns, in_columns, in_rows, sent
from dfa_lab.networks import criterion
from dfa_lab.networks.max_norm import limit
from dfa_lab.settings.network_settings import NO_LIMIT
from dfa_lab.train.run import Run
from dfa_lab.train.stacked import from_network
from dfa_lab.train.stacked.batch_norm import Norm
from dfa_lab.train.stacked.bf16 import Short
from dfa_lab.train.stacked.cuda_graph import Recorder
from dfa_lab.train.stacked.dropout_masks import Masks
from dfa_lab.train.stacked.flat import Flat
from dfa_lab.train.stacked.optimizer_step import Update, gradients_to_torch, known
from dfa_lab.train.stacked.parts import Dense, Mask, to_maps
from dfa_lab.train.stepper import Batches

ORDER = {"chain": 0, "direct": 1, "none": 2}


class Fleet:
    """Runs of one experiment, all known to from_network.py, either all with hidden layers that learn or all without."""

    def __init__(self, runs: Sequence[Run]):
        # Those through weights first, then those through feedback in layers, then the direct ones.
        self.runs = sorted(runs, key=lambda run: (ORDER[from_network.path(run.rule) or "none"], _has_feedback(run)))
        self._count = len(self.runs)
        networks = [run.network for run in self.runs]
        paths = [from_network.path(run.rule) for run in self.runs]
        self._chain, self._direct = paths.count("chain"), paths.count("direct")
        self.by_weights = sum(not _has_feedback(run) for run in self.runs[: self._chain])  # the first runs: plain bp
        parameters, owned = from_network.parameters(networks)
        optimizers, first = [run.optimizer for run in self.runs], self.runs[0].experiment
        self.learns = self._chain + self._direct > 0  # whether the hidden blocks do
        easy = known(first, self.runs[0].device)
        trained = owned if self.learns else owned[-1:]
        # On a CPU a stage makes its step while its gradient is in the cache; on a GPU few large kernels are better.
        self._by_stage = self.runs[0].device.type == "cpu" and self.learns
        flat = Flat(parameters, trained if self._by_stage and easy else ())
        self._masks = Masks(self.runs)
        # Products of 16 bits, as under autocast, which leaves float64 alone too.
        self._short = first.precision == "bf16" and flat.values.dtype is torch.float32
        self.stages = from_network.stages(networks, flat, self._masks, self._short)
        self._shapes = networks[0].shapes
        self.transports, self.projections = self._feedback()  # stacked B of layers, by number; of direct rules, by block
        self._alone = {number: B[0] for number, B in (self.transports | self.projections).items()}  # B of a fleet of one
        moved = trained if self._by_stage else [range(trained[0].start, trained[-1].stop)]
        self._update = Update(first, flat, moved, parameters, optimizers) if easy else None
        self._give = gradients_to_torch(flat, [k for stage in trained for k in stage], parameters)
        self.criterion, self._limits = first.criterion, (first.max_in_norm, first.max_out_norm)
        self._limited = any(0 < most < NO_LIMIT for most in self._limits)
        parts = [part for stage in self.stages for part in (*stage.before, *stage.after)]
        self.draws = any(isinstance(part, Mask) for part in parts)
        self._dense = not any(isinstance(part, Norm) for part in parts)
        self._dense &= all(isinstance(stage.layer, Dense) for stage in self.stages)
        self._recorded = Recorder()
        self.kept: dict[object, Any] = {}  # by others: what they have recorded of it

    def _feedback(self) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """(B of the chain rules that have it, by layer; B of the direct rules, by block), stacked; the rules get views."""
        transports, projections = {}, {}
        through = self.runs[self.through_feedback]
        for place, (number, _) in enumerate(self.runs[0].network.layers()):
            layers = [list(run.network.layers())[place][1] for run in through]
            if number > 1 and layers:
                transports[number] = in_rows(torch.stack([layer.feedback for layer in layers if layer.feedback is not None]))
                for layer, B in zip(layers, transports[number], strict=True):
                    layer.feedback = B
        direct = self.runs[self.direct]
        for block in range(1, len(self._shapes) + 1) if direct else ():
            found = [run.rule.matrices(run.network)[block] for run in direct]
            projections[block] = in_rows(torch.stack(found))
            for run, old, B in zip(direct, found, projections[block], strict=True):
                name = next(name for name, buffer in run.rule.named_buffers() if buffer is old)
                setattr(run.rule, name, B)
        return transports, projections

    @torch.no_grad()
    def step(self, batches: Batches, number: int) -> None:
        """One optimiser step of every run on the batch of its seed; `number`: steps done before it."""
        for run in self.runs:
            if not run.schedule.stays(number):
                run.set_rate(number)
            run.network.mode(training=True)
        self.start_noise(number)
        rates = [run.optimizer.param_groups[0]["lr"] for run in self.runs]
        if self._update:
            self._update.set_rates(rates)
            self._update.count()
        if self._repeats(number):
            (y,) = self._recorded(self._compute, self.own(batches), tuple(rates))
        else:
            (y,) = self._compute(batches)
        for r, run in enumerate(self.runs):
            run.clean.add(y if self._count == 1 else y[r], batches[run.seed][1])

    def start_noise(self, number: int) -> None:
        """The next masks are those of the step after this many."""
        if self.draws:
            self._masks.start(number)

    def _compute(self, batches: Batches) -> tuple[Tensor]:
        """The step itself; the logits (N, C) or (R, N, C)."""
        x, t = self.inputs(batches)
        y = self.forward(x)
        self._backward(self.error(y, t))
        if self._update:
            if not self._by_stage and not self._descends():
                self._update.move(0)
            self._update.made()
        else:
            self._give()
            for run in self.runs:
                run.optimizer.step()
        for run in self.runs if self._limited else ():
            limit(run.network, *self._limits)
        return (y,)

    def _repeats(self, number: int) -> bool:
        """Whether the step after so many is worth recording: on a GPU, without numbers that are other ones in each step.

        A graph keeps the learning rate that it was recorded with: one that changes from step to step would be recorded anew
        for each, which takes longer than to compute it. After a warm-up the rate stays, and steps are recorded.
        """
        if not self.on_gpu or self.draws or self._limited or self._update is None:
            return False
        return self._update.repeats and all(run.schedule.stays(number) for run in self.runs)

    @property
    def on_gpu(self) -> bool:
        """Whether what is computed again and again can be recorded as a graph."""
        return self.runs[0].device.type == "cuda"

    def own(self, batches: Batches) -> Batches:
        """The batches of the runs' seeds alone."""
        return {source.seed: batches[source.seed] for source in self._masks.sources}

    def with_runs(self, one: Tensor) -> Tensor:
        """(R, …) of what the parts have, which in a fleet of one is without R."""
        return one if self._count > 1 else one.unsqueeze(0)

    @property
    def through_feedback(self) -> slice:
        """The place of the runs that send the error through `transports`."""
        return slice(self.by_weights, self._chain)

    @property
    def direct(self) -> slice:
        """The place of the runs that send the error through `projections`."""
        return slice(self._chain, self._chain + self._direct)

    def inputs(self, batches: Batches) -> tuple[Tensor, Tensor]:
        """x as the first stage wants it, and t (N,) or (R, N)."""
        if self._count == 1:
            return batches[self.runs[0].seed]
        xs, ts = zip(*(batches[run.seed] for run in self.runs), strict=True)
        if self.stages[0].layer.maps:
            return torch.cat(xs, 1), torch.stack(ts)
        if len(self._masks.sources) == 1:
            return xs[0].flatten(1).expand(self._count, -1, -1), ts[0].expand(self._count, -1)
        return in_rows(torch.stack(xs).flatten(2)), torch.stack(ts)

    def forward(self, h: Tensor) -> Tensor:
        """The logits (N, C) or (R, N, C), as in training."""
        for stage in self.stages:
            for part in stage.before:
                h = part.forward(h)
            h = stage.layer.forward(h)
            for part in stage.after:
                h = part.forward(h)
        return h

    def error(self, y: Tensor, t: Tensor) -> Tensor:
        """e of the logits y (N, C) or (R, N, C), in as many bits."""
        e = criterion.error(self.criterion, criterion.as_float(y), t)
        e = e.to(y.dtype) if self._short else e  # every call counts, in a step of narrow layers
        return in_columns(e)

    @contextmanager
    def unrounded(self) -> Iterator[None]:
        """Inside, layers compute with all bits of their weights, whatever the setting `precision`; no step is made there."""
        kept = self.stages
        self.stages = [replace(one, layer=one.layer.full) if isinstance(one.layer, Short) else one for one in kept]
        try:
            yield
        finally:
            self.stages = kept

    def _descends(self) -> bool:
        """Whether the step is plain gradient descent in dense layers, which needs no gradient to be written down."""
        if self._update is None or not self._update.is_plain_descent or not self._dense:
            return False
        return self.runs[0].device.type == "cpu" or len(set(self._update.rates)) == 1

    def _backward(self, e: Tensor) -> None:
        """Every stage gets its gradient and, where that can be done at once, makes its step: but sends the error on before."""
        g, descends, update = e, self._descends(), self._update
        for number in range(len(self.stages), 0, -1):
            stage = self.stages[number - 1]
            for part in reversed(stage.after):
                g = part.backward(g)
            last = number == 1 or not self.learns
            below = g if last else self.signals(number, g, e)
            if descends and update and isinstance(stage.layer, Dense):
                stage.layer.descend(g, update.rates)
            else:
                stage.layer.gradients(g)
                if update and self._by_stage:
                    update.move(number - 1)
            if last:
                return
            g = below

    def signals(self, number: int, g: Tensor, e: Tensor, since: int = 0) -> Tensor:
        """δ̂ at the output of block `number` - 1, of g = ∂L/∂a of the layer above it and e of the output; with `since` of the
        runs from this one on, which g and e are of too."""
        return self._signal(number, g, e) if self._count == 1 else self._signals(number, g, e, since)

    def _signal(self, number: int, g: Tensor, e: Tensor) -> Tensor:
        """In a fleet of one."""
        stage, shape = self.stages[number - 1], self._shapes[number - 2]
        if self._direct:
            B = self._alone[number - 1]
            signal = sent(e, B.to(e.dtype) if self._short else B)
            return signal if len(shape) == 1 else signal.reshape(len(e), *shape)
        back = stage.layer.send(g, self._alone.get(number, stage.layer.W))
        for part in reversed(stage.before):
            back = part.backward(back)
        return back

    def _signals(self, number: int, g: Tensor, e: Tensor, since: int) -> Tensor:
        """In a fleet of several."""
        stage, parts = self.stages[number - 1], []
        maps = stage.layer.maps
        if self._chain > since:
            W, B = stage.layer.W, self.transports.get(number)
            per_run = g.shape[1] // (self._count - since) if maps else 1
            for M, first, last in ((W, since, self.by_weights), (B, self.by_weights, self._chain)):
                if M is None or first >= last:
                    continue
                own = M[first:last] if M is W else M
                first, last = first - since, last - since
                if maps:
                    parts.append(_sent_by_maps(stage.layer, g, own, first, last, per_run))
                else:
                    parts.append(stage.layer.send(g[first:last], own))
            parts = [self._joined(parts, maps)]
            for part in reversed(stage.before):
                parts = [part.backward(parts[0])]
        shape = self._shapes[number - 2]
        if self._direct:
            B = self.projections[number - 1]
            projected = sent(e[self._chain - since :], B.to(e.dtype) if self._short else B)
            parts.append(to_maps(projected, shape[1:]) if len(shape) == 3 else projected)
        return self._joined(parts, len(shape) == 3)

    @staticmethod
    def _joined(parts: list[Tensor], maps: bool) -> Tensor:
        if len(parts) == 1:
            return parts[0]
        if maps:
            return torch.cat(parts, 1)
        return torch.cat(parts, out=columns((sum(map(len, parts)), *parts[0].shape[1:]), parts[0]))


def _sent_by_maps(layer, g: Tensor, M: Tensor, first: int, last: int, per_run: int) -> Tensor:
    return layer.send(g[:, first * per_run : last * per_run].contiguous(), M)


def _has_feedback(run: Run) -> bool:
    return any(layer.feedback is not None for _, layer in run.network.layers())
