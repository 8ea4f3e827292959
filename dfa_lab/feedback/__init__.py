"""Feedback: the learning rules. `rule_class` finds one by its name, `bind` gives it a network and its matrices."""

from torch import Tensor

from dfa_lab import registry
from dfa_lab.feedback import distributions
from dfa_lab.feedback.description import Promise
from dfa_lab.feedback.exact import as_dfa_torch, starts_at_zero
from dfa_lab.feedback.rule import ChainRule, DirectRule, ReadoutRule, Rule
from dfa_lab.networks import Network, zero_weights
from dfa_lab.settings.experiment import RULES, Experiment, SettingsError
from dfa_lab.settings.wording import refuse


def rule_class(name: str) -> type[Rule]:
    """The class of a rule. Raises KeyError if there is none of this name."""
    return registry.load("dfa_lab.feedback.rules", name).RULE


def control() -> str:
    """The rule that teaches the hidden layers nothing, which the others are compared with."""
    return next(name for name in RULES if rule_class(name).control)


def check(experiment: Experiment) -> None:
    """Raises SettingsError for a criterion that one of the rules does not fit."""
    for name in experiment.rules:
        if (fits := rule_class(name).criteria) and experiment.criterion not in fits:
            wanted = f"{' or '.join(fits)}, which the rule {name} is made for"
            raise SettingsError([refuse("criterion", experiment.criterion, wanted)])


def check_scales(experiment: Experiment, blocks: int) -> None:
    """Raises SettingsError where the feedback has several scales, and not one for each of the network's hidden `blocks`."""
    if len(experiment.feedback_scales) not in (1, blocks):
        each = (
            f", or {blocks}, one for each hidden block of the network"
            if blocks > 1
            else ", as the network has one hidden block"
        )
        raise SettingsError([refuse("feedback_scales", experiment.feedback_scales, f"one number{each}")])


def bind(name: str, network: Network, experiment: Experiment, seed: int) -> Rule:
    """The rule with its feedback for `network`; with init=paper it also zeroes the weights where the paper does.

    A matrix depends on the seed and the block that receives it, not on the rule: in a network with one hidden layer
    fa and dfa get the same B and are the same algorithm.
    """

    def draw(number: int, shape: tuple[int, ...], bound: float) -> Tensor:
        return distributions.draw(experiment, seed, number, shape, bound)

    rule = rule_class(name)(network, experiment.feedback_magnitude, draw)
    rule.criterion, rule.exact = experiment.criterion, experiment.exact
    rule.independent_entries = experiment.feedback_distribution in distributions.INDEPENDENT
    if experiment.exact:
        as_dfa_torch(rule, network, experiment, draw)
    elif experiment.init == "paper" and rule.paper_starts_at_zero and starts_at_zero(experiment):
        zero_weights(network)
    return rule


__all__ = [
    "RULES",
    "ChainRule",
    "DirectRule",
    "Promise",
    "ReadoutRule",
    "Rule",
    "bind",
    "check",
    "check_scales",
    "control",
    "rule_class",
]
