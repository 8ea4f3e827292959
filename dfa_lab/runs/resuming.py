"""What of an earlier server goes on by itself, under which rules, and what is written down where something goes on."""

from collections.abc import Iterator
from contextlib import suppress

from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.runs.store.store import Store, Stored
from dfa_lab.train.checkpoint import CheckpointError

BY_ITSELF = "paper/"  # titles of the paper's experiments, which are kept, and wait for their turn after a restart too
RESUMED, PACE = "resumed", "pace"  # kinds of events


class ContinueError(Exception):
    """An experiment that cannot be taken up; the text says why."""


def place(step: int) -> str:
    """The text of the event that says where an experiment was taken up."""
    return f"at step {step}"


def automatic(store: Store, checkpoints: Checkpoints) -> Iterator[tuple[Stored, int]]:
    """(experiment, step to go on from) for those that were interrupted and go on by themselves, the oldest first.

    At most once from each step: what was taken up there before and came no further may be what ended the server.
    One that had only waited in the queue begins at step 0, and one that somebody had paused does not go on. Damaged
    checkpoints are told in the state's sentence.
    """
    for stored in reversed(store.titled("")):
        if stored.state != "interrupted" or stored.experiment is None or stored.demo:
            continue
        try:
            waited = not checkpoints.has(stored.id) and not store.count(stored.id)
            step = 0 if waited else checkpoints.step(stored.id, stored.experiment)
        except CheckpointError as error:
            if checkpoints.has(stored.id):
                store.set_state(stored.id, "interrupted", str(error))
            continue
        events = [event for event in store.events(stored.id) if event.kind in (RESUMED, "running", "paused")]
        paused = events and events[-1].kind == "paused"
        before = [event.text for event in events if event.kind == RESUMED]
        if not paused and before[-1:] != [place(step)]:
            yield stored, step


def asked_pace(store: Store, id: str) -> float:
    """The most steps a second that were last asked of an experiment; 0: as fast as it goes."""
    asked = [event.text for event in store.events(id) if event.kind == PACE]
    with suppress(ValueError, IndexError):  # an import may say anything
        return max(0.0, float(asked[-1]))
    return 0.0
