"""Visitors who have left: what is kept for their return goes when they stay away, even if nobody comes after them.

Streamlit keeps a closed tab for `server.disconnectedSessionTTL` seconds: its state, files that were uploaded, and an event loop
with three descriptors. It looks for old ones only when another tab is closed (1.67), so that a server would hold what a
class has left until somebody else leaves.
"""

import asyncio

from streamlit import runtime

EVERY = 10.0  # seconds


async def let_go(every: float = EVERY) -> None:
    """Forget those who stay away, again and again; a task of the server's loop, whose thread alone may do it."""
    while True:
        await asyncio.sleep(every)
        forget()


def forget() -> None:
    """Let go of the tabs that were closed for long enough; Streamlit has no public name for that."""
    if runtime.exists():
        visits = getattr(runtime.get_instance(), "_session_mgr", None)
        closed = getattr(getattr(visits, "_session_storage", None), "_cache", None)
        if closed is not None:
            closed.expire()
