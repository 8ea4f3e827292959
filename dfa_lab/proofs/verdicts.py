"""What a rule promises, and what a proof found: the words that every proof shares."""

from dataclasses import dataclass
from enum import StrEnum

from dfa_lab import registry
from dfa_lab.feedback.description import Promise


class Verdict(StrEnum):
    """The end of one proof for one rule. UNDECIDED: more steps or samples could decide it; NOT_APPLICABLE: nothing could."""

    PASSES = "passes"
    FAILS = "fails"
    UNDECIDED = "cannot tell yet"
    NOT_APPLICABLE = "does not apply"


def promise(name: str) -> Promise:
    """The promise of the rule that is registered under this name: an impostor that bears the name is held to it."""
    return registry.load("dfa_lab.feedback.rules", name).RULE.promise


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
    """The finding on a rule whose promise nobody wrote down: its figures are shown without a judgement."""
    return not_applicable(rule, "What this rule promises is not written down here: its figures are shown, not judged.")
