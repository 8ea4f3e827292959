"""Read a data set onto a device, once for all experiments that use it."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from weakref import WeakValueDictionary

import torch

from dfa_lab.config import Experiment
from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.catalog import facts, module
from dfa_lab.data.dataset import DataSet
from dfa_lab.data.errors import DataError
from dfa_lab.data.folder import ALWAYS_THERE, root, unusable
from dfa_lab.data.normalisation import Statistics, measure, offset_and_scale
from dfa_lab.data.verifying import verify

MOST_KEPT = 4  # sets; the largest, STL-10, is 360 MB


@dataclass(eq=False)
class _Shared:
    """One set on one device, with a lock of its own so that a long download does not stop other sets."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    value: tuple[DataSet, Statistics] | None = None


_kept: OrderedDict[tuple[object, ...], _Shared] = OrderedDict()  # read, the one asked for last at the end
_known: WeakValueDictionary[tuple[object, ...], _Shared] = WeakValueDictionary()  # these, and those being read
_lock = threading.Lock()


def load(experiment: Experiment, device: torch.device) -> DataSet:
    """The experiment's data set on `device`, normalised as it asks.

    Experiments on the same set share its tensors. May be called from several threads.
    Raises DataError if the set is missing, damaged, or does not fit the device's memory.
    """
    name, known = experiment.dataset, facts(experiment.dataset, experiment.classes)
    folder = root(experiment.datapath)
    where = str(folder.absolute()) if known.megabytes else ""
    key = (name, where, known.classes, str(device))
    data, statistics = _shared(key, lambda: _read(name, known, folder, experiment.download, device))
    offset, scale = offset_and_scale(experiment.normalization, statistics, len(known.shape))
    return replace(data, offset=offset.to(device), scale=scale.to(device))


def _shared(key: tuple[object, ...], make: Callable[[], tuple[DataSet, Statistics]]) -> tuple[DataSet, Statistics]:
    """`make()`, or what it gave for this key before; the sets that were not asked for longest are let go.

    Where `make` raises, nothing is kept and nothing let go.
    """
    new = _Shared()
    with _lock:
        shared = _known.setdefault(key, new)
    with shared.lock:
        value = shared.value = shared.value or make()
    with _lock:
        _kept[key] = shared
        _kept.move_to_end(key)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return value


def _read(name: str, known: Facts, folder: Path, download: bool, device: torch.device) -> tuple[DataSet, Statistics]:
    try:
        arrays: Arrays = module(name).load(folder, download, known.classes)
        verify(arrays, known, folder)
        statistics = measure(arrays.x_train)
        x_train, y_train, x_test, y_test = (
            torch.from_numpy(array).to(device) for array in (arrays.x_train, arrays.y_train, arrays.x_test, arrays.y_test)
        )
    except OSError as error:
        raise unusable(folder, known, error) from error
    except ImportError as error:
        raise DataError(
            f"{known.title} cannot be read because the Python package {error.name} is not installed: "
            "install what requirements.txt lists."
        ) from error
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise DataError(
            f"{known.title} does not fit into the free memory of {device}: "
            f"stop other experiments, choose another --device, or {ALWAYS_THERE}."
        ) from error
    real = replace(known, train=len(x_train), test=len(x_test))
    nothing, one = torch.zeros((), device=device), torch.ones((), device=device)
    return DataSet(real, arrays.class_names, x_train, y_train, x_test, y_test, nothing, one), statistics
