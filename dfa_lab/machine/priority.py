"""Priority: what may last lets what is short go first."""

import os
import sys
from contextlib import suppress
from pathlib import Path

LOWER = 5  # steps of niceness: beside one thread of ordinary priority, about a quarter of a core


def lower() -> None:
    """Let the other threads of this process go before the one that calls, and before those that torch starts for it.

    For good: a thread that has let others go first may not go back. Linux alone knows it of single threads; elsewhere the
    system divides its cores equally.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # 0: the thread that calls
            os.setpriority(os.PRIO_PROCESS, 0, min(19, os.getpriority(os.PRIO_PROCESS, 0) + LOWER))


def end_first(number: int | None = None) -> None:
    """Have this process, or another one, be what a system without memory ends, and not who started it; Linux alone."""
    with suppress(OSError):
        Path(f"/proc/{number or 'self'}/oom_score_adj").write_text("1000", encoding="ascii")
