"""What of an earlier server goes on by itself, under which rules, and what is written down where something goes on."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from dfa_lab.machine.disk_room import human
from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.runs.store.store import Store, Stored
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.checkpoint import CheckpointError

BY_ITSELF = "paper/"  # titles of the paper's experiments, which are kept, and wait for their turn after a restart too
RESUMED, PACE, HELD = "resumed", "pace", "held"  # kinds of events
STARVED = (
    "Stopped: the server was killed for want of memory while this ran (promised {}, more than any other). Make it smaller, or "
    "continue it by hand: Train on goes on from its last state."
)


class ContinueError(Exception):
    """An experiment that cannot be taken up; the text says why."""


def place(step: int) -> str:
    """The text of the event that says where an experiment was taken up."""
    return f"at step {step}"


def automatic(store: Store, checkpoints: Checkpoints) -> Iterator[tuple[Stored, int]]:
    """(experiment, step to go on from) for those that were interrupted and go on by themselves, the oldest first.

    At most once from each step: what was taken up there before and came no further may be what ended the server.
    One that had only waited in the queue begins at step 0, and one that somebody had paused, or that was held, does not go
    on. Damaged checkpoints are told in the state's sentence.
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
        events = [event for event in store.events(stored.id) if event.kind in (RESUMED, "running", "paused", HELD)]
        paused = events and events[-1].kind in ("paused", HELD)
        before = [event.text for event in events if event.kind == RESUMED]
        if not paused and before[-1:] != [place(step)]:
            yield stored, step


def hold_largest(store: Store, size: Callable[[Experiment], int]) -> None:
    """The server was killed for want of memory: of what trained then, what takes most does not go on by itself, and says so.

    `size`: bytes that one takes. What only waited had taken none.
    """
    found = [one for id, state in store.cut_off.items() if state in ("loading", "running") and (one := store.get(id))]
    sizes = {one.id: size(one.experiment) for one in found if one.experiment is not None and not one.demo}
    if sizes:
        largest = max(sizes, key=lambda id: sizes[id])
        store.set_state(largest, "interrupted", said := STARVED.format(human(sizes[largest])))
        store.add_event(largest, HELD, said)


def asked_pace(store: Store, id: str) -> float:
    """The most steps a second that were last asked of an experiment; 0: as fast as it goes."""
    asked = [event.text for event in store.events(id) if event.kind == PACE]
    with suppress(ValueError, IndexError):  # an import may say anything
        return max(0.0, float(asked[-1]))
    return 0.0
