"""Looks at the networks on screen: each function takes what a picture needs in short turns and returns arrays."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from app.visit import moment
from app.visit.looks import in_turns
from dfa_lab.data.picturing import as_stored, pictures
from dfa_lab.inspect import components, filters, mistakes, representations, surface
from dfa_lab.inspect.forward import answers
from dfa_lab.train.trainer import Trainer

SIDE = 96  # pixels of a decision surface
MOST_NUMBERS = 60_000_000  # activities that are taken at once, of all rules and layers: 240 MB
MAP_SIDE = 40  # of a unit's map
MOST_UNITS = 32
ASKED = 2000  # test samples of the confusion matrix
CLOUD = 1000  # test samples whose activities are shown
WIDE = 5000  # units of a block above which fewer are taken
EXAMPLES = 6  # of moved images
IN_ALL = 10_000_000_000  # multiplications of a look: fewer samples of large networks, but FEWEST
FEWEST = 200


class Surface(NamedTuple):
    plane: surface.Plane
    p: np.ndarray  # (SIDE², C)
    right: float  # share of the test points


def _affordable(trainer: Trainer, most: int) -> int:
    """How many test samples a look takes, of `most`."""
    work = sum(trainer.runs[0].network.multiplications())
    return min(most, max(FEWEST, IN_ALL // max(work, 1)), len(trainer.data.x_test))


def points(id: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Training and test points: (N, 2) and classes (N,)."""

    def take(trainer: Trainer) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        data = trainer.data
        pairs = {"training": (data.x_train, data.y_train), "test": (data.x_test, data.y_test)}
        return {name: (x.float().cpu().numpy(), t.cpu().numpy()) for name, (x, t) in pairs.items()}

    return moment.look(id, take)


def _window(id: str) -> surface.Plane:
    return surface.around(np.concatenate([x for x, _ in points(id).values()]))


def decision(id: str, run: int) -> Surface:
    """What a run answers all over the plane."""
    plane = _window(id)
    grid = plane.grid(SIDE)

    def take(trainer: Trainer, rows: slice) -> np.ndarray:
        x = trainer.data.inputs(grid[rows].to(trainer.device), trainer.dtype)
        return answers(trainer.runs[run].network, trainer.experiment.criterion, x).cpu().numpy()

    p = np.concatenate(in_turns(id, run, len(grid), take))
    return Surface(plane, p, 1 - asked(id, run).error)


def units(id: str, run: int, block: int) -> tuple[surface.Plane, np.ndarray, int]:
    """(window, maps (K, MAP_SIDE²) from -1 to 1, how many units there are) of a block, counted from 1."""
    plane = _window(id)
    grid = plane.grid(MAP_SIDE)

    def take(trainer: Trainer, rows: slice) -> np.ndarray:
        x = trainer.data.inputs(grid[rows].to(trainer.device), trainer.dtype)
        return surface.unit_maps(trainer.runs[run].network, block, x, MOST_UNITS)

    maps = np.concatenate(in_turns(id, run, len(grid), take), axis=1)
    count = moment.look(id, lambda trainer: trainer.units[block - 1])
    return plane, filters.scaled(maps), count


def first_layer(id: str, run: int) -> tuple[np.ndarray, int]:
    """(filters (K, C, h, w) from -1 to 1, how many there are)."""

    def take(trainer: Trainer) -> tuple[np.ndarray, int]:
        return filters.first_filters(trainer.runs[run].network, trainer.data.facts.shape, MOST_UNITS)

    found, count = moment.look(id, take)
    return filters.scaled(found), count


def asked(id: str, run: int) -> mistakes.Answers:
    """What a run answers to the first ASKED test samples."""

    def take(trainer: Trainer, rows: slice) -> mistakes.Answers:
        x, t = trainer.data.inputs(trainer.data.x_test[rows], trainer.dtype), trainer.data.y_test[rows]
        return mistakes.ask(trainer.runs[run].network, trainer.experiment.criterion, x, t)

    samples = moment.look(id, lambda trainer: _affordable(trainer, ASKED))
    return mistakes.joined(in_turns(id, run, samples, take))


def most_wrong(id: str, run: int, most: int) -> tuple[mistakes.Answers, np.ndarray, np.ndarray]:
    """(answers, places of the most wrong ones, their pictures (K, H, W, 3))."""
    found = asked(id, run)
    places = mistakes.worst(found, most)

    def take(trainer: Trainer) -> np.ndarray:
        rows = trainer.data.x_test[torch.from_numpy(places).to(trainer.device)]
        return pictures(trainer.data, rows, trainer.experiment)

    return found, places, moment.look(id, take) if len(places) else np.zeros((0, 1, 1, 3))


class Moved(NamedTuple):
    before: mistakes.Answers
    after: np.ndarray  # p (K, C)
    pictures: np.ndarray  # (K, H, W, 3) of the images as they are
    moved: np.ndarray  # and as they were moved


def attacked(id: str, run: int, eps: float) -> Moved:
    """The first test images of different classes, and how little has to change for another answer."""

    def take(trainer: Trainer) -> Moved:
        data, network, kind = trainer.data, trainer.runs[run].network, trainer.experiment.criterion
        classes = data.y_test[:ASKED].cpu().numpy()
        first = np.sort(np.unique(classes, return_index=True)[1])[:EXAMPLES]
        rows = torch.from_numpy(first).to(trainer.device)
        x, t = data.inputs(data.x_test[rows], trainer.dtype), data.y_test[rows]
        x_moved, after = mistakes.moved(network, kind, x, t, eps)
        shown = [pictures(data, one, trainer.experiment) for one in (data.x_test[rows], as_stored(data, x_moved))]
        return Moved(mistakes.ask(network, kind, x, t), after, shown[0], shown[1])

    return moment.look(id, take)


def clouds(id: str, run: int) -> tuple[np.ndarray, list[components.Cloud]]:
    """(classes (N,), a cloud for every block) of the first test samples."""

    def take(trainer: Trainer, rows: slice) -> tuple[np.ndarray, list[np.ndarray]]:
        x = trainer.data.inputs(trainer.data.x_test[rows], trainer.dtype)
        return trainer.data.y_test[rows].cpu().numpy(), representations.activities(trainer.runs[run].network, x)

    def count(trainer: Trainer) -> int:
        return _affordable(trainer, CLOUD // 4 if max(trainer.units) > WIDE else CLOUD)

    parts = in_turns(id, run, moment.look(id, count), take)
    t = np.concatenate([one for one, _ in parts])
    blocks = [np.concatenate(hs) for hs in zip(*(hs for _, hs in parts), strict=True)]
    return t, [components.principal(h, t) for h in blocks]


def samples_at_hand(id: str, runs: Sequence[int], blocks: Sequence[int], wanted: int) -> int:
    """How many test samples `layers` can take of these runs and blocks, of `wanted`: fewer of wide networks."""

    def take(trainer: Trainer) -> int:
        units = np.prod(trainer.data.facts.shape) + len(runs) * sum(trainer.units[block - 1] for block in blocks)
        return int(min(wanted, len(trainer.data.x_test), max(FEWEST, MOST_NUMBERS // units)))

    return moment.look(id, take)


def layers(id: str, run: int, blocks: Sequence[int], samples: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """(classes (N,), inputs (N, n), activities (N, n_l) of each of the blocks, counted from 1) of the first test samples."""

    def take(trainer: Trainer, rows: slice) -> tuple[np.ndarray, ...]:
        x = trainer.data.inputs(trainer.data.x_test[rows], trainer.dtype)
        hs = representations.activities(trainer.runs[run].network, x)
        t = trainer.data.y_test[rows].cpu().numpy()
        return (t, x.flatten(1).float().cpu().numpy(), *(hs[block - 1] for block in blocks))

    t, x, *hs = (np.concatenate(part) for part in zip(*in_turns(id, run, samples, take), strict=True))
    return t, x, hs
