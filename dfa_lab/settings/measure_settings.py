"""Settings of what is measured beside the errors."""

from functools import partial

from pydantic import BaseModel

from dfa_lab import registry
from dfa_lab.settings.knob import Names
from dfa_lab.settings.knob import knob as any_knob

KINDS = "dfa_lab.measure.kinds"
MEASURES = tuple(registry.declared(KINDS, "NAME").values())
ABOUT = "; ".join(f"{name}: {about}" for name, about in zip(MEASURES, registry.declared(KINDS, "ABOUT").values(), strict=True))
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
