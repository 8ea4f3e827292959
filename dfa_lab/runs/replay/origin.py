"""Where a fork comes from: which experiment, which step, and which settings differ. It is an event of the fork."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dfa_lab.runs.store.store import Event
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.wording import shown
from dfa_lab.train.midway import ANEW, different

FORKED = "forked"  # the kind of the event


@dataclass(frozen=True)
class Origin:
    """Where a fork comes from. `settings`: (before, after) of those that differ, as JSON has them."""

    id: str
    step: int
    settings: Mapping[str, tuple[Any, Any]]

    def text(self) -> str:
        """The text of the event."""
        return json.dumps({"id": self.id, "step": self.step, "settings": self.settings})

    def sentence(self, name: str = "") -> str:
        """ "Forked from X at step 100, with learning_rate 0.01 instead of 0.001." `name`: what a person calls it."""
        changes = [f"{setting} {_value(now)} instead of {_value(was)}" for setting, (was, now) in self.settings.items()]
        fresh = [what for setting, what in ANEW.items() if setting in self.settings]
        with_ = ", with " + ", ".join(changes) if changes else ", with the same settings"
        anew = f" {' and '.join(fresh).capitalize()} began anew there." if fresh else ""
        return f"Forked from {name or self.id} at step {self.step:,}{with_}.{anew}"


def differences(before: Experiment, after: Experiment) -> dict[str, tuple[Any, Any]]:
    """(before, after) of the settings that differ, but for the name of a saved run."""
    was, now = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: (was[name], now[name]) for name in different(before, after) if name != "save"}


def origin_of(events: Sequence[Event]) -> Origin | None:
    """The origin of a fork; None for what is none, or where that cannot be read."""
    for event in events:
        if event.kind == FORKED:
            try:
                found = json.loads(event.text)
                settings = {str(name): (was, now) for name, (was, now) in found["settings"].items()}
                return Origin(str(found["id"]), int(found["step"]), settings)
            except (ValueError, TypeError, LookupError, AttributeError):
                return None
    return None


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else shown(value, 60).strip("'")
