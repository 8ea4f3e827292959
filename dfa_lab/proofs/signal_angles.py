"""Proof 5: has the signal turned towards the true gradient?"""

from dataclasses import dataclass

from dfa_lab.proofs.verdicts import Finding, Promise, fails, not_applicable, passes, undecided
from dfa_lab.train.autograd.probe import Alignment

QUESTION = "Has its signal turned towards the true gradient?"
HOW = (
    "After the same training, on training samples: the angle between what the rule delivers at a block's output and the true "
    "gradient there, by backpropagation through the same weights; the mean over samples. If B were drawn "
    "anew, all signals of the batch would turn together; the band is twice the standard deviation that their mean angle would "
    "then have around 90° (95 %). Below it is alignment, inside it may be chance, above it is worse than chance. Exactly 0° "
    "would be backpropagation."
)
SIGMAS = 2
ZERO = 0.1  # degrees


@dataclass(frozen=True)
class Aligned:
    """One rule's mean signal angle at every block and half-width of its random band, in degrees; None: no angle."""

    angles: dict[int, float | None]
    bands: dict[int, float]
    finding: Finding


def aligned(name: str, kind: Promise, found: Alignment, finished: bool) -> Aligned:
    """`finished`: all steps that were intended are done."""
    angles = {l: mean for l, (mean, _) in found.signal.items()}
    gradients = [angle for l, angle in found.gradient.items() if l in angles and angle is not None]
    wide = {l: SIGMAS * band for l, band in found.chance.items() if band is not None}
    return Aligned(angles, wide, _judge(name, kind, angles, gradients, wide, finished))


def _judge(
    name: str,
    kind: Promise,
    angles: dict[int, float | None],
    gradients: list[float],
    wide: dict[int, float],
    finished: bool,
) -> Finding:
    """`gradients`: angles of the hidden layers' weight gradients, which show what a rule does, whatever signal it tells."""
    seen = {l: angle for l, angle in angles.items() if angle is not None}
    if kind is Promise.NOTHING:
        if seen:
            return fails(name, "It delivers a signal, though nothing should reach the hidden blocks.")
        return not_applicable(name, "It sends no signal, so there is no angle.")
    if not seen:
        return undecided(name, "There is no angle: a signal, or the true gradient, is zero.")
    worst = max(seen, key=lambda l: seen[l] + wide[l])
    if kind is Promise.WEIGHTS:
        if max(seen.values()) < ZERO:
            return passes(name, "0° everywhere: it is the true gradient.")
        return fails(name, f"{max(seen.values()):.1f}° where backpropagation has 0°.")
    if kind is not Promise.UNKNOWN and min(max(seen.values()), max(gradients, default=180.0)) < ZERO:
        return fails(name, "0° everywhere: this is backpropagation under another name.")
    said = f"layer {worst} has {seen[worst]:.0f}°, chance 90° ± {wide[worst]:.0f}°"
    if seen[worst] < 90 - wide[worst]:
        return passes(name, f"Every layer is below chance; {said}.")
    if seen[worst] > 90 + wide[worst] and finished:
        return fails(name, f"Worse than chance: {said}.")
    return undecided(name, f"Not below chance everywhere: {said}.")
