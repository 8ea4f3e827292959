"""Settings of the proofs that train; they are no part of an experiment."""

from pydantic import BaseModel, Field


class ProofSettings(BaseModel):
    """What the control of proof 4 gets."""

    control_to_end: bool = Field(
        False,
        title="Train the control to its end",
        description="The control is trained until its error no longer falls, at the best of three learning rates.",
    )
