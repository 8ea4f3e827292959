"""Proof 4: does the rule teach the hidden layers anything, beside a control whose hidden layers are frozen?"""

from dataclasses import dataclass
from math import sqrt

from torch import Tensor

from dfa_lab.proofs.verdicts import Finding, Promise, fails, not_applicable, passes, undecided
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.network_settings import NO_LIMIT

QUESTION = "Does it beat a network whose hidden layers never learn?"
HOW = (
    "All rules and the control shallow, which trains its readout alone, learn from the same batches with the settings of the "
    "form. Then both classify the same test samples. Only those count that one of the two gets right and the other wrong: if "
    "there were no difference, each would win half of them. More than 1.96 standard deviations away from half, √wins+losses "
    "(McNemar's test, 95 %), is more than the luck of the draw. On demand the control is trained until its error no longer "
    "falls, at the best of three learning rates. Weights are compared with their first values, number by number."
)
SIGMAS = 1.96


@dataclass(frozen=True)
class Control:
    """One rule beside the control. `moved`: way of its hidden weights, relative to their length; 0 where none has moved."""

    error: float  # on the test samples
    half_width: float  # of the 95 % interval of the error
    wins: int  # test samples that the rule gets right and the control wrong
    losses: int
    moved: float
    finding: Finding


@dataclass(frozen=True)
class SoFar:
    """`finished`: all steps that were intended are done; `shrinks`: weights are changed by more than their gradients;
    `longer`: how the control was trained, where that was for longer than the rules, else nothing."""

    step: int
    finished: bool
    shrinks: bool
    longer: str = ""


def shrinks(experiment: Experiment) -> bool:
    """Whether limits on norms, or biases kept at zero, move weights that have no gradient."""
    limited = any(0 < norm < NO_LIMIT for norm in (experiment.max_in_norm, experiment.max_out_norm))
    return limited or (experiment.exact and not experiment.bias)


def beside_control(name: str, kind: Promise, right: Tensor, control: Tensor, moved: float, so_far: SoFar) -> Control:
    """`right`, `control` (samples,): whether the rule and the control classify each rightly."""
    wins, losses = int((right & ~control).sum()), int((~right & control).sum())
    error, n = 1 - float(right.double().mean()), len(right)
    finding = _judge(name, kind, wins, losses, moved, so_far)
    return Control(error, SIGMAS * sqrt(error * (1 - error) / n), wins, losses, moved, finding)


def _judge(name: str, kind: Promise, wins: int, losses: int, moved: float, so_far: SoFar) -> Finding:
    if not so_far.step:
        return undecided(name, "No step was done.")
    if kind is Promise.NOTHING:
        if moved and so_far.shrinks:
            return not_applicable(name, "The settings move weights after every step, under every rule: nothing is frozen.")
        if moved:
            return fails(name, f"Its hidden weights moved by {moved:.2g} of their length: it is no control.")
        return passes(name, "Its hidden weights did not move at all (exactly 0): it is a control.")
    if not moved:
        return fails(name, "Its hidden weights did not move at all: they learn nothing.")
    went = f"Hidden weights moved by {moved:.2g} of their length"
    which = f"the control, {so_far.longer}," if so_far.longer else "the control"
    score = f"right where {which} is wrong on {wins} samples, the reverse on {losses}"
    needed = SIGMAS * sqrt(wins + losses)
    if wins - losses > needed:
        return passes(name, f"{went}; {score}: better than luck.")
    if losses - wins > needed and so_far.longer:
        return undecided(name, f"{went}; {score}: behind a control that was trained for longer. Train longer.")
    if losses - wins > needed and so_far.finished:
        return fails(name, f"{went}; {score}: worse than hidden layers that never learn.")
    if losses - wins > needed:
        return undecided(name, f"{went}; {score}: behind so far. Train longer.")
    return undecided(name, f"{went}; {score}: this could be luck. Train longer, or on data that need hidden layers.")
