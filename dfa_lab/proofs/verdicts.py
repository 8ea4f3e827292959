"""What a rule promises, and what a proof found: the words that every proof shares."""

from dataclasses import dataclass
from enum import StrEnum

from dfa_lab.feedback import ChainRule, DirectRule, Rule
from dfa_lab.networks import Network


class Verdict(StrEnum):
    """Of one proof for one rule. UNDECIDED: more steps or samples could decide it; NOT_APPLICABLE: nothing could."""

    PASSES = "passes"
    FAILS = "fails"
    UNDECIDED = "cannot tell yet"
    NOT_APPLICABLE = "does not apply"


class Promise(StrEnum):
    """On which path a rule says that the error comes back."""

    WEIGHTS = "layer by layer through the forward weights"
    LAYERWISE = "layer by layer through matrices of its own"
    DIRECT = "straight to every block, through a matrix for each"
    NOTHING = "nothing reaches the hidden blocks"
    UNKNOWN = "no promise is known"


PROMISES = {"bp": Promise.WEIGHTS, "fa": Promise.LAYERWISE, "dfa": Promise.DIRECT, "shallow": Promise.NOTHING}


def promise(name: str, rule: Rule, network: Network) -> Promise:
    """By the rule's name, so that an impostor is held to the name it bears; of a rule not known here, by its family."""
    if name in PROMISES:
        return PROMISES[name]
    if isinstance(rule, DirectRule):
        return Promise.DIRECT
    return Promise.LAYERWISE if isinstance(rule, ChainRule) and rule.matrices(network) else Promise.UNKNOWN


@dataclass(frozen=True)
class Finding:
    """One rule in one proof. `reason`: a sentence for a person."""

    rule: str
    verdict: Verdict
    reason: str


def passes(rule: str, reason: str) -> Finding:
    return Finding(rule, Verdict.PASSES, reason)


def fails(rule: str, reason: str) -> Finding:
    return Finding(rule, Verdict.FAILS, reason)


def undecided(rule: str, reason: str) -> Finding:
    return Finding(rule, Verdict.UNDECIDED, reason)


def not_applicable(rule: str, reason: str) -> Finding:
    return Finding(rule, Verdict.NOT_APPLICABLE, reason)


def unknown(rule: str) -> Finding:
    """Of a rule whose promise nobody wrote down: its figures are shown without a judgement."""
    return not_applicable(rule, "What this rule promises is not written down here: its figures are shown, not judged.")
