"""Settings of the learning rules."""

from functools import partial

from pydantic import BaseModel

from dfa_lab import registry
from dfa_lab.settings.knob import Names
from dfa_lab.settings.knob import knob as any_knob

RULES = registry.names("dfa_lab.feedback.rules", first=("bp", "fa", "dfa"))
knob = partial(any_knob, group="rules")


class RuleSettings(BaseModel):
    """How errors reach the hidden layers."""

    rules: Names = knob(
        ("bp", "fa", "dfa"),
        "Learning rules to train side by side.",
        flag="gradient",
        choices=RULES,
        basic=True,
        min_length=1,
    )
    feedback_magnitude: float = knob(
        0.0,
        "Feedback is drawn uniformly from ± this. 0: ±1/√n with n the number of units that receive it.",
        flag="rfb_mag",
        ge=0,
        le=1000,
    )
    exact: bool = knob(
        False,
        "As dfa-torch computes it, its slips included: the Rules page lists every difference and why the default is another.",
        title="Exactly as dfa-torch",
        switch=True,
    )
