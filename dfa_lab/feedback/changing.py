"""What may be done to a feedback matrix while its network trains."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from dfa_lab.feedback.rule import Rule
from dfa_lab.networks import Network

WORDS = {"flip": "changed its sign", "redraw": "was drawn anew", "break": "was set to zero"}


class Change(NamedTuple):
    """What is to be done to the matrix that delivers at a block, of one rule or, where `rule` is empty, of all."""

    how: str  # of WORDS
    block: int
    rule: str = ""

    def text(self, rules: Sequence[str], step: int) -> str:
        """A sentence for people; `rules`: those that have the matrix."""
        return f"After step {step} the feedback to block {self.block} {WORDS[self.how]} in {', '.join(rules)}."


def step_of(text: str) -> int | None:
    """The step in a text that `Change.text` made; None for any other text."""
    found = re.match(r"After step (\d+) the feedback to block ", text)
    return int(found[1]) if found else None


def delivering(rule: Rule, network: Network, block: int) -> list[Tensor]:
    """Every B that delivers at this block, or within it from one of its layers to another."""
    found = [layer.feedback for number, layer in network.layers() if number - 1 == block and layer.feedback is not None]
    B = rule.matrices(network).get(block)
    return found if B is None or any(B is other for other in found) else [*found, B]


@torch.no_grad()
def change(rule: Rule, network: Network, block: int, how: str, redrawn: Callable[[Tensor], Tensor]) -> bool:
    """False, and nothing is done, where the rule has no feedback to this block. `redrawn`: another B in the place of one."""
    found = delivering(rule, network, block)
    for B in found:
        if how == "flip":
            B.neg_()
        elif how == "redraw":
            B.copy_(redrawn(B))
        elif how == "break":
            B.zero_()
        else:
            raise ValueError(how)
    return bool(found)
