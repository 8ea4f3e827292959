"""Settings of what is measured beside the errors."""

from functools import partial

from pydantic import BaseModel

from dfa_lab import registry
from dfa_lab.settings.knob import Names
from dfa_lab.settings.knob import knob as any_knob

KINDS = "dfa_lab.measure.kinds"
BEGIN = registry.declared(KINDS, "BEGINS")  # no choices of their own
NAMES, ABOUTS = (registry.declared(KINDS, constant) for constant in ("NAME", "ABOUT"))
MEASURES = tuple(name for kind, name in NAMES.items() if kind not in BEGIN)
ABOUT = "; ".join(f"{name}: {ABOUTS[kind]}" for kind, name in NAMES.items() if kind not in BEGIN)
knob = partial(any_knob, group="measuring")


class MeasuringSettings(BaseModel):
    """What is measured, on what and how often."""

    probe_size: int = knob(128, "Training samples on which angles are measured.", unit="samples", ge=2, le=10_000, midway=True)
    measure_every: int = knob(
        0,
        "Steps between two measurements of the angles. 0: chosen so that measuring stays cheap.",
        title="Measure every",
        unit="steps",
        ge=0,
        le=1_000_000,
        midway=True,
    )
    measures: Names = knob(
        MEASURES,
        f"What is measured. {ABOUT}.",
        choices=MEASURES,
        min_length=1,
        midway=True,
    )
