"""What measure/update_angles.py measures of a step, of a whole fleet at once and by hand; for networks of probe_fleet.py."""

from functools import partial

import torch
from torch import Tensor

from dfa_lab.measure.alignment import defined
from dfa_lab.measure.update_angles import Angles
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.cuda_graph import Batches, Recorder
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.parts import product, sent
from dfa_lab.train.stacked.signals import layer_angles, separation, stacked


class Noted:
    """The weights of all runs before a step, and the true gradient there. `of` gives a run's angles once the step is made."""

    @torch.no_grad()
    def __init__(self, fleet: Fleet, batches: Batches, number: int):
        """`number`: steps done before it. No parameter, optimiser or random stream is changed."""
        self._fleet = fleet
        fleet.start_noise(number)
        if fleet.on_gpu and not fleet.draws:
            found = fleet.kept.setdefault("noting", Recorder())(partial(_before, fleet), fleet.own(batches))
        else:
            found = _before(fleet, batches)
        self._W, self._gradients = found[: len(fleet.stages)], found[len(fleet.stages) :]
        self._found: dict[int, Angles] | None = None

    def of(self, run: Run) -> Angles:
        """Layer -> degrees between -ΔW and the true gradient, None: of all weights."""
        if self._found is None:
            self._found = self._angles()
        return self._found[id(run)]

    @torch.no_grad()
    def _angles(self) -> dict[int, Angles]:
        now = [stage.layer.W for stage in self._fleet.stages]
        moved = [W.sub_(W_now) for W, W_now in zip(self._W, now, strict=True)]
        pairs = zip(moved, self._gradients, strict=True)
        if len(self._fleet.runs) == 1:
            pairs = ((dW.unsqueeze(0), gradient.unsqueeze(0)) for dW, gradient in pairs)
        lengths = stacked([separation(dW, gradient) for dW, gradient in pairs], -1)
        layers = [*range(1, len(now) + 1), None]
        found = layer_angles(lengths, len(now)).tolist()  # one transfer from the device
        runs = zip(self._fleet.runs, found, strict=True)
        return {id(run): dict(zip(layers, map(defined, row), strict=True)) for run, row in runs}


def _before(fleet: Fleet, batches: Batches) -> tuple[Tensor, ...]:
    """W of each layer, then ∂L/∂W by backpropagation through them."""
    x, t = fleet.inputs(batches)
    g = fleet.error(fleet.forward(x), t)
    gradients: list[Tensor] = []
    for number in range(len(fleet.stages), 0, -1):
        stage = fleet.stages[number - 1]
        for part in reversed(stage.after):
            g = part.backward(g)
        W = stage.layer.W
        gradients.append(product(g.mT, stage.layer.h).to(W.dtype))
        if number > 1:
            g = sent(g, W.to(g.dtype))
            for part in reversed(stage.before):
                g = part.backward(g)
    return *(stage.layer.W.clone() for stage in fleet.stages), *reversed(gradients)
