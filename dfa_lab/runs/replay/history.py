"""What was changed in an experiment while it trained, written down so that a replay can do it again at the same step.

The trainer itself keeps the list (`Trainer.changes`), so that it travels with checkpoints and copies. The store has it
as events: CHANGE, one more, and HISTORY, the whole list anew, where an experiment was taken up or began as a copy.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dfa_lab.feedback.changing import Change
from dfa_lab.runs.store.store import Event
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.midway import MIDWAY, different, go_on
from dfa_lab.train.trainer import Trainer

CHANGE, HISTORY = "change", "history"  # kinds of events
THREADS = "threads"  # the kind of an event: on how many a training began whose settings leave it open

# "step", the steps done before it, and "learning_rate", or what a Change holds, or "settings": those that change there,
# with their values "before", and the "rate" that is then in force where that changes too.
Made = dict[str, Any]


def text(made: object) -> str:
    """The text of an event."""
    return json.dumps(made)


def read(events: Sequence[Event]) -> list[Made]:
    """All changes, in the order in which they were made. Raises ValueError if an event cannot be read."""
    found: list[Made] = []
    for event in events:
        if event.kind == HISTORY:
            found = list(json.loads(event.text))
        elif event.kind == CHANGE:
            found.append(json.loads(event.text))
    if any(name not in MIDWAY for made in found for part in ("settings", "before") for name in made.get(part, {})):
        raise ValueError("settings that stay as they are")
    return found


def threads(events: Sequence[Event]) -> int | None:
    """The threads on which the training began, as far as that was written down."""
    said = [event.text for event in events if event.kind == THREADS and event.text.isdecimal() and len(event.text) < 4]
    return int(said[0]) if said else None


def by_hand(events: Sequence[Event], experiment: Experiment) -> bool:
    """Whether the settings of an experiment alone do not say how it was trained.

    More epochs leave the steps before them as they were, but where the learning rate falls over all of them.
    """
    harmless = {"epochs"} if experiment.schedule == "constant" else set()
    try:
        made = read(events)
    except (ValueError, TypeError, AttributeError):
        return True
    others = ("rate" in one or set(one.get("settings", "?")) - harmless for one in made)
    return any(event.kind == "knob" for event in events) or any(others)


def make_again(trainer: Trainer, history: Sequence[Made]) -> Trainer:
    """Make the changes after this step or before it that the trainer has not seen; call it between two steps.

    Returns the trainer with them, a new one where settings changed.
    """
    for made in history[len(trainer.changes) :]:
        if made["step"] > trainer.step:
            break
        if "settings" in made:
            trainer = with_settings(trainer, made)
        elif "learning_rate" in made:
            trainer.set_learning_rate(made["learning_rate"])
        else:
            trainer.change_feedback(Change(**{name: value for name, value in made.items() if name != "step"}))
        trainer.changes[-1]["step"] = made["step"]
    return trainer


def with_settings(trainer: Trainer, made: Made) -> Trainer:
    """A trainer that goes on from here with other settings."""
    after = _updated(trainer.experiment, made["settings"])
    changed = go_on(*trainer.state(), trainer.experiment, after, made.get("rate"), trainer.data)
    changed.changes.append(dict(made))
    changed.quiet = trainer.quiet
    return changed


def entry(step: int, before: Experiment, after: Experiment, rate: float | None) -> Made:
    """The entry that says which settings change after this step."""
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    names = different(before, after)
    made = {"step": step, "settings": {name: now[name] for name in names}, "before": {name: was[name] for name in names}}
    return made if rate is None else {**made, "rate": rate}


def settings_after(experiment: Experiment, history: Sequence[Made], seen: int) -> Experiment:
    """The settings under which it trained when it had seen so many of the changes; `experiment`: the last ones."""
    for made in reversed(history[seen:]):
        experiment = _updated(experiment, made.get("before", {}))
    return experiment


def rate_at(experiment: Experiment, history: Sequence[Made], step: int) -> float:
    """The learning rate, before the schedule, of the step after this one."""
    rate = settings_after(experiment, history, 0).learning_rate
    for made in history:
        if made["step"] <= step:
            rate = made.get("learning_rate", made.get("rate", rate))
    return rate


def begins_with(history: Sequence[Made], seen: Sequence[object]) -> bool:
    """Whether a state that has seen these changes lies on the way of this history."""
    return list(history[: len(seen)]) == list(seen)


def _updated(experiment: Experiment, settings: Mapping[str, Any]) -> Experiment:
    """The experiment with values that come from JSON, perhaps from another lab. Raises ValueError for wrong ones."""
    if not settings:
        return experiment
    changed = Experiment.model_validate({**experiment.model_dump(), **settings, "device": "auto"})
    return changed.model_copy(update={"device": experiment.device})  # of another machine, perhaps
