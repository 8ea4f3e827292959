"""What was changed in an experiment while it trained, written down so that a replay can do it again at the same step.

The trainer itself keeps the list (`Trainer.changes`), so that it travels with checkpoints and copies. The store has it
as events: CHANGE, one more, and HISTORY, the whole list anew, where an experiment was taken up or began as a copy.
"""

import json
from collections.abc import Sequence
from typing import Any

from dfa_lab.feedback.changing import Change
from dfa_lab.runs.store import Event
from dfa_lab.train.trainer import Trainer

CHANGE, HISTORY = "change", "history"  # kinds of events

Made = dict[str, Any]  # "step", the steps done before it, and "learning_rate" or what a Change holds


def text(made: object) -> str:
    """Of an event."""
    return json.dumps(made)


def read(events: Sequence[Event]) -> list[Made]:
    """All changes, in the order in which they were made. Raises ValueError if an event cannot be read."""
    found: list[Made] = []
    for event in events:
        if event.kind == HISTORY:
            found = list(json.loads(event.text))
        elif event.kind == CHANGE:
            found.append(json.loads(event.text))
    return found


def make_again(trainer: Trainer, history: Sequence[Made]) -> None:
    """Between two steps: those of the changes after this step or before it that the trainer has not seen."""
    for made in history[len(trainer.changes) :]:
        if made["step"] > trainer.step:
            return
        if "learning_rate" in made:
            trainer.set_learning_rate(made["learning_rate"])
        else:
            trainer.change_feedback(Change(**{name: value for name, value in made.items() if name != "step"}))
        trainer.changes[-1]["step"] = made["step"]


def begins_with(history: Sequence[Made], seen: Sequence[object]) -> bool:
    """Whether a state that has seen these changes lies on the way of this history."""
    return list(history[: len(seen)]) == list(seen)
