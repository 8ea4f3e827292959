"""Settings of what is measured beside the errors."""

from functools import partial

from pydantic import BaseModel

from dfa_lab.settings.knob import knob as any_knob

knob = partial(any_knob, group="measuring")


class MeasuringSettings(BaseModel):
    """Where and how often angles are measured."""

    probe_size: int = knob(128, "Training samples on which angles are measured.", unit="samples", ge=2, le=10_000)
    measure_every: int = knob(
        0,
        "Steps between two measurements of the angles. 0: chosen so that measuring stays cheap.",
        title="Measure every",
        unit="steps",
        ge=0,
        le=1_000_000,
    )
