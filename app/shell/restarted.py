"""Restarted: what visitors are told for a while after the server was killed and started again (supervising.py)."""

import time

from dfa_lab.machine import supervising

TOLD = 10 * 60  # seconds for which it is said
SAID = "The lab was ended by its system{} and has started again by itself. What was training goes on from its last state{}."
STARVED = ", which had no memory left,"
BUT = ", but for what took most memory: the page Experiments says which that is"


def notice() -> str:
    """A sentence, or nothing."""
    ended = supervising.before
    if ended is None or time.time() - ended.when > TOLD:
        return ""
    return SAID.format(STARVED * ended.starved, BUT * ended.starved)
