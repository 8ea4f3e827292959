"""How the C library keeps memory that tensors have given back.

Every training step frees tensors of megabytes and asks for as many again. glibc hands such memory back to the system at
once and has to fetch it anew, page by page, in the next step: hundreds of page faults a step, a quarter of the time of a
2×800 network. `keep_memory` tells it to keep what it has; those who start the lab call it once, early. Where nobody trains any
more, `give_back` hands back what is free.
"""

import ctypes
import os
import platform
from collections.abc import Callable
from typing import Any

KNOBS = {  # name: (number in malloc.h, the variable by which a person sets it, bytes)
    "trim_threshold": (-1, "MALLOC_TRIM_THRESHOLD_", 256 * 2**20),  # free memory at the end of the heap that it keeps
    "top_pad": (-2, "MALLOC_TOP_PAD_", 64 * 2**20),  # asked for at once; also what keeps the heaps of other threads
    "mmap_threshold": (-3, "MALLOC_MMAP_THRESHOLD_", 32 * 2**20),  # larger pieces are fetched one by one; glibc takes no more
}


def keep_memory() -> tuple[str, ...]:
    """Set the knobs that the person has not set by a variable, for this process; the names of those that took.

    Nothing happens with another C library than glibc: it has no such knobs.
    """
    if (mallopt := _glibc("mallopt", ctypes.c_int, ctypes.c_int)) is None:
        return ()
    tuned = os.environ.get("GLIBC_TUNABLES", "")
    wanted = {
        name: (number, size)
        for name, (number, variable, size) in KNOBS.items()
        if variable not in os.environ and f"glibc.malloc.{name}=" not in tuned
    }
    return tuple(name for name, (number, size) in wanted.items() if mallopt(number, size))


def give_back() -> None:
    """Hand the system what memory this process has free; nothing happens with another C library than glibc.

    It is then fetched anew, once: call it between trainings, not between steps.
    """
    if (trim := _glibc("malloc_trim", ctypes.c_size_t)) is not None:
        trim(0)


def _glibc(name: str, *arguments: Any) -> Callable[..., int] | None:
    """The function of this name; None where there is none."""
    if platform.libc_ver()[0] != "glibc":
        return None
    try:
        function = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # TypeError: no CDLL(None) on this system
        return None
    function.argtypes, function.restype = arguments, ctypes.c_int
    return function
