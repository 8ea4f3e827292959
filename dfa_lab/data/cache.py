"""Keep what was made, for all who ask for the same, within bounds."""

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

from dfa_lab.data.dataset import DataSet

MOST_KEPT = 3 * 10**9  # bytes of sets that nobody uses; whitened CIFAR is 740 MB


@dataclass(eq=False)
class _Shared:
    """One set on one device, with a lock of its own so that a long download does not stop other sets."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    value: DataSet | None = None


_kept: OrderedDict[Hashable, _Shared] = OrderedDict()  # the one asked for last at the end
_known: WeakValueDictionary[Hashable, _Shared] = WeakValueDictionary()  # these, those being made and those in use
_lock = threading.Lock()


def share(key: Hashable, make: Callable[[], DataSet], finish: Callable[[DataSet], DataSet] = replace) -> DataSet:
    """`finish(made)`, a copy of what `make()` gave when this key was asked for first.

    Sets that were not asked for longest are let go when there are more than MOST_KEPT bytes of them; the last one is
    kept in any case. As long as a copy is in use, its set is found again even then. Where `make` raises, nothing is
    kept and nothing let go.
    """
    new = _Shared()
    with _lock:
        shared = _known.setdefault(key, new)
    with shared.lock:
        shared.value = shared.value or make()
        copy = finish(shared.value)
    with _lock:
        _kept[key] = shared
        _kept.move_to_end(key)
        while len(_kept) > 1 and sum(_size(one.value) for one in _kept.values()) > MOST_KEPT:
            _kept.popitem(last=False)
    weakref.finalize(copy, lambda _: None, shared).atexit = False  # it keeps `shared` as long as there is the copy
    return copy


def forget() -> None:
    """Let go of everything, and make anew what is in use when it is asked for again."""
    with _lock:
        _kept.clear()
        _known.clear()


def _size(data: DataSet | None) -> int:
    return sum(x.nbytes for x in (data.x_train, data.y_train, data.x_test, data.y_test)) if data else 0
