"""Settings of the learning rules."""

from functools import partial

from pydantic import BaseModel

from dfa_lab import registry
from dfa_lab.settings.knob import Names, Scales
from dfa_lab.settings.knob import knob as any_knob

RULES = registry.names("dfa_lab.feedback.rules")
DISTRIBUTIONS = ("uniform", "normal", "orthogonal", "sparse", "low_rank", "shared", "signs")
knob = partial(any_knob, group="rules")


class RuleSettings(BaseModel):
    """How errors reach the hidden layers."""

    rules: Names = knob(
        ("bp", "fa", "dfa"),
        "Learning rules to train side by side.",
        flag="gradient",
        choices=RULES,
        play=4,
        min_length=1,
    )
    feedback_magnitude: float = knob(
        0.0,
        "Feedback is drawn uniformly from ± this, or with the same spread from another distribution. "
        "0: ±1/√n with n the number of units that receive it.",
        flag="rfb_mag",
        ge=0,
        le=1000,
    )
    feedback_scales: Scales = knob(
        (1.0,),
        "Factors of the feedback's spread: one for all hidden blocks, or one for each, from the first to the last.",
        min_length=1,
        max_length=200,
    )
    feedback_distribution: str = knob(
        "uniform",
        "From what feedback is drawn, always with the same spread. orthogonal: rows or columns at right angles; sparse: mostly "
        "zeros; low_rank: a product of two thin matrices; shared: every block has the first columns of one matrix; signs: ±.",
        choices=DISTRIBUTIONS,
        words={
            "uniform": "all sizes alike",
            "normal": "bell curve",
            "orthogonal": "at right angles",
            "sparse": "mostly zeros",
            "low_rank": "two thin matrices",
            "shared": "one matrix for all",
            "signs": "plus or minus alone",
        },
    )
    feedback_density: float = knob(
        0.1,
        "Share of the entries of sparse feedback that are not zero.",
        when={"feedback_distribution": ("sparse",)},
        gt=0,
        le=1,
    )
    feedback_rank: int = knob(
        5,
        "Rank of low-rank feedback: the number of independent directions in which it can send.",
        when={"feedback_distribution": ("low_rank",)},
        ge=1,
        le=10_000,
    )
    feedback_seed: int = knob(
        -1,
        "Fixes the feedback alone, the same for every seed of the runs. -1: each run draws by its own seed.",
        title="Seed of the feedback",
        ge=-1,
        le=2**31 - 1,
    )
    exact: bool = knob(
        False,
        "As dfa-torch computes it, its slips included: the Rules page lists every difference and why the default is another.",
        title="Exactly as dfa-torch",
        switch=True,
    )
