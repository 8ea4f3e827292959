"""The words in which a rule says what it is, to the proofs and to the exporter; rule.py lists all that it says."""

from dataclasses import dataclass
from enum import StrEnum


class Promise(StrEnum):
    """On which path a rule says that the error comes back; the proofs hold it to that."""

    WEIGHTS = "layer by layer through the forward weights"
    LAYERWISE = "layer by layer through matrices of its own"
    DIRECT = "straight to every block, through a matrix for each"
    NOTHING = "nothing reaches the hidden blocks"
    UNKNOWN = "no promise is known"


@dataclass(frozen=True)
class ScriptLines:
    """A rule in the standalone script, as Python text in that script's own names (export/script_text.py).

    `gradients` is a statement with hs, y, e and Bs that leaves the gradient of all that is trained in .grad, `about` the
    comment beside it, where {rules} stands for the names of all rules that have both in common. `feedback` is an
    expression with sizes, seed and draw_feedback: [B] of every hidden layer, empty if there is none.
    """

    gradients: str
    about: str
    feedback: str = ""
    about_feedback: str = ""
    cut: bool = False  # layers are cut from each other in the forward pass
    through_feedback: bool = False  # the error goes back through Bs in the place of W
