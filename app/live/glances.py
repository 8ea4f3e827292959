"""What the drawings of the networks on the Lab page show besides angles, as the chart asks for it: units, weights, answers.

All visitors of an experiment share one look at its networks, which is made at most once a second and rests twenty times what
it took. Only charts whose drawings are on screen ask.
"""

import base64
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from app.charts.pictures import COLOURS, MINUS, PLUS, png
from app.live.packing import Part, compact
from app.shell.server import manager
from app.visit import moment
from dfa_lab.data.picturing import pictures
from dfa_lab.inspect.glance import SIDE, Column, Glance, examples, glance, of_images, of_points, window
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import Status
from dfa_lab.train.trainer import Trainer

FRESH = 0.9  # seconds that a look is good for, at least
REST = 20  # and this many times what it took
KEPT = 16  # experiments whose last look is kept
POINTS = 120  # of the test set that are drawn on the plane, at most


@dataclass
class Seen:
    """The last look at one experiment. `version` grows with each; 0: there was none."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    version: int = 0
    step: int = -1
    when: float = 0.0
    seconds: float = 0.0
    part: Part | None = None
    inputs: Tensor | None = None
    still: dict[str, Any] = field(default_factory=dict)  # what no step changes


_kept: OrderedDict[str, Seen] = OrderedDict()
_lock = threading.Lock()


def newer(id: str, version: int) -> Part | None:
    """JSON of a look that is newer than `version`; None where there is none. Takes some milliseconds, and who comes meanwhile
    gets the look before."""
    with _lock:
        seen = _kept.setdefault(id, Seen())
        _kept.move_to_end(id)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    if seen.lock.acquire(blocking=False):
        try:
            if time.monotonic() - seen.when >= max(FRESH, REST * seen.seconds):
                _look(id, seen)
        finally:
            seen.lock.release()
    return seen.part if seen.version != version else None


def _look(id: str, seen: Seen) -> None:
    status = manager().status(id)
    if status is None or (seen.part is not None and status.step == seen.step):
        return
    spent: list[float] = []

    def take(trainer: Trainer, run: int) -> Glance:
        began = time.perf_counter()
        if seen.inputs is None:
            _begin(trainer, seen)
        assert seen.inputs is not None
        found = glance(trainer, run, seen.inputs)
        spent.append(time.perf_counter() - began)
        return found

    seen.when = time.monotonic()
    try:
        looks = {rule: manager().look(id, lambda trainer, run=run: take(trainer, run)) for rule, run in _runs(status).items()}
    except Gone:
        return  # the last look stays; before the first step there is none
    finally:
        seen.seconds, seen.when = sum(spent), time.monotonic()
    seen.version, seen.step = seen.version + 1, status.step
    seen.part = Part(compact(_view(looks, seen)))


def of_moment(status: Status) -> tuple[dict[str, Any] | None, bool]:
    """(what the drawings show of the past step that this visitor has chosen, or of the last one of what has ended, None where
    that is not replayed quickly; whether it is being replayed). `status` is of now."""
    step = moment.chosen(status)
    if step is None or manager().replays.seconds(status.id, step) > moment.QUICK:
        return None, False
    replay = moment.replay(status)
    if replay is not None and not replay.over:
        return None, True
    seen = Seen()

    def take(trainer: Trainer) -> dict[str, Glance]:
        _begin(trainer, seen)
        assert seen.inputs is not None
        return {rule: glance(trainer, run, seen.inputs) for rule, run in _runs(status).items()}

    try:
        looks = manager().replays.look(status.id, step, take)
    except Gone:
        return None, False
    return _view(looks, seen) | {"version": f"step {step}", "at": step}, False


def _runs(status: Status) -> dict[str, int]:
    """The number of each rule's run with the first seed."""
    runs = status.experiment.runs()
    return {rule: runs.index((rule, status.experiment.seeds[0])) for rule in status.experiment.rules}


def _view(looks: dict[str, Glance], seen: Seen) -> dict[str, Any]:
    step = max(look.step for look in looks.values())
    return {
        "version": seen.version,
        "step": step,
        "still": seen.still,
        "rules": {rule: _told(look) for rule, look in looks.items()},
    }


def _begin(trainer: Trainer, seen: Seen) -> None:
    """Once an experiment: what is asked about, and how it is shown."""
    data = trainer.data
    still: dict[str, Any] = {"names": list(data.class_names), "colours": COLOURS, "signed": [PLUS, MINUS]}
    if of_points(trainer):
        plane = window(trainer)
        seen.inputs = plane.grid(SIDE)
        places = plane.places(data.x_test[:POINTS].float().cpu().numpy())
        still |= {"side": SIDE, "places": places.round(3).tolist(), "classes": data.y_test[:POINTS].tolist()}
    elif of_images(trainer):
        at = examples(trainer).to(trainer.device)
        seen.inputs = data.x_test[at].clone()
        shown = pictures(data, seen.inputs, trainer.experiment)
        still |= {"images": [png(255 * one) for one in shown], "classes": data.y_test[at].tolist()}
    else:
        seen.inputs = torch.zeros(0)
    seen.still = still


def _told(look: Glance) -> dict[str, Any]:
    return {
        "columns": [_column(one) for one in look.columns],
        "meshes": [None if mesh is None else {"of": list(mesh.shape), "values": _signed(mesh)} for mesh in look.meshes],
        "given": look.given.tolist(),
        "sure": base64.b64encode(np.round(255 * look.sure).astype(np.uint8).tobytes()).decode(),
    }


def _column(column: Column) -> dict[str, Any]:
    return {
        "shows": column.shows,
        "units": column.units,
        "of": list(column.tiles.shape),
        "values": _signed(column.tiles),
    }


def _signed(values: np.ndarray) -> str:
    """Signed bytes of values from -1 to 1, in base64."""
    return base64.b64encode(np.round(127 * np.clip(values, -1, 1)).astype(np.int8).tobytes()).decode()
