"""A network at a glance: a few units of every layer, the weights between them and what it answers, small enough to be sent
every second.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from torch import Tensor

from dfa_lab.inspect.filters import first_filters, scaled
from dfa_lab.inspect.forward import undisturbed
from dfa_lab.inspect.surface import Plane, around, decided
from dfa_lab.train.trainer import Trainer

UNITS = 4  # of a layer, at most
SIDE = 40  # places of the plane in each direction; a unit's map has half as many
WIDEST = 32  # entries of a picture of weights in each direction
EXAMPLES = 6  # test images, each of another class where there are so many
ASKED = 2000  # test images among which they are looked for


@dataclass(frozen=True)
class Column:
    """Some units of a hidden block, each with a picture.

    `shows`: "plane", what a unit gives everywhere in the plane of the points; "weights", those of what comes into it;
    "image", what a channel gives for the first example; "nothing".
    """

    shows: str
    tiles: np.ndarray  # (K, h, w) from -1 to 1, each by its own largest value
    units: int  # that there are


@dataclass(frozen=True)
class Glance:
    """One run between two steps. `meshes`: of layers 1 … L+1, the weights between units that are shown, (K, K below) from -1
    to 1; None where a layer is not dense or what is below is not shown."""

    step: int
    columns: tuple[Column, ...]
    meshes: tuple[np.ndarray | None, ...]
    given: np.ndarray  # class of each place (SIDE²,), row by row from the top left, or of each example (E,)
    sure: np.ndarray  # from 0, as likely as chance, to 1


def of_points(trainer: Trainer) -> bool:
    """Whether the data are points in a plane."""
    return trainer.data.facts.shape == (2,)


def of_images(trainer: Trainer) -> bool:
    """Whether the data are images."""
    return len(trainer.data.facts.shape) == 3


def window(trainer: Trainer) -> Plane:
    """The part of the plane that a glance shows: all points, with a margin."""
    data = trainer.data
    return around(torch.cat([data.x_train, data.x_test]).float().cpu().numpy())


def examples(trainer: Trainer) -> Tensor:
    """Places (E,) of the test images that every glance asks about."""
    classes = trainer.data.y_test[:ASKED].cpu().numpy()
    first = np.sort(np.unique(classes, return_index=True)[1])[:EXAMPLES]
    rest = np.setdiff1d(np.arange(min(EXAMPLES, len(classes))), first)[: EXAMPLES - len(first)]
    return torch.from_numpy(np.sort(np.concatenate([first, rest])))


def glance(trainer: Trainer, run: int, inputs: Tensor) -> Glance:
    """Run number `run` as it is. `inputs`: rows as in `data.x_test`, those of `window().grid(SIDE)` or of `examples`; none for
    other data. The caller sees to it that no step is being made (`Manager.look`)."""
    one, data = trainer.runs[run], trainer.data
    network = one.network
    hs: list[Tensor] = []
    given, sure = np.zeros(0, np.int64), np.zeros(0)
    if len(inputs):
        with undisturbed(network):
            hs, y = network.hidden(data.inputs(inputs.to(trainer.device), trainer.dtype))
            p = torch.softmax(y.float(), 1) if one.criterion == "ce" else torch.sigmoid(y.float())
        given, sure = decided(p.cpu().numpy())
    incoming = {number: W.detach() for number, W in network.weights()}
    columns, meshes = [], []
    for number, units in enumerate(trainer.units, start=1):
        h, W = (hs[number - 1] if hs else None), incoming.get(number)
        columns.append(_column(trainer, run, number, units, h, W))
    counts = [len(data.facts.shape) == 1 and data.facts.shape[0], *trainer.units, data.facts.classes]
    for number in range(1, len(counts)):
        W, below, own = incoming.get(number), counts[number - 1], counts[number]
        dense = W is not None and W.dim() == 2 and tuple(W.shape) == (own, below)
        meshes.append(_one_scale(_there(W[:UNITS, :UNITS])) if dense and W is not None else None)
    return Glance(trainer.step, tuple(columns), tuple(meshes), given, sure)


def _column(trainer: Trainer, run: int, number: int, units: int, h: Tensor | None, W: Tensor | None) -> Column:
    if h is not None and of_points(trainer) and h.dim() == 2:
        maps = h[:, :UNITS].T.reshape(-1, SIDE, SIDE)[:, ::2, ::2]
        return Column("plane", scaled(_there(maps)), units)
    if number == 1 and of_images(trainer):
        filters, count = first_filters(trainer.runs[run].network, trainer.data.facts.shape, UNITS)
        if len(filters):
            return Column("weights", scaled(filters.mean(1))[:, :WIDEST, :WIDEST], count)
    if h is not None and h.dim() == 4:
        return Column("image", scaled(_there(h[0, :UNITS]))[:, :WIDEST, :WIDEST], h.shape[1])
    if W is not None and W.dim() == 2 and len(W) == units:
        return Column("weights", scaled(_squares(_there(W[:UNITS, : WIDEST**2]))), units)
    return Column("nothing", np.zeros((min(UNITS, units), 0, 0), np.float32), units)


def _squares(rows: np.ndarray) -> np.ndarray:
    """(K, s, s) of rows (K, n): line by line, with zeros at the end."""
    side = ceil(rows.shape[1] ** 0.5)
    filled = np.zeros((len(rows), side * side), np.float32)
    filled[:, : rows.shape[1]] = rows
    return filled.reshape(-1, side, side)


def _one_scale(W: np.ndarray) -> np.ndarray:
    largest = np.abs(W).max(initial=0.0)
    return W / largest if largest > 0 else np.zeros_like(W)


def _there(values: Tensor) -> np.ndarray:
    """A copy, as what is trained goes on changing; what is no number is drawn as zero."""
    return np.nan_to_num(values.float().cpu().numpy().copy(), posinf=0.0, neginf=0.0)
