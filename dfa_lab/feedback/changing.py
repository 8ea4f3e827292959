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
    """A change of the matrix that delivers at a block, of one rule or, where `rule` is empty, of all.

    It is made to the whole matrix; or only to what one unit of the block receives, a column; or only to one entry, what
    that unit receives from a row.
    """

    how: str  # of WORDS
    block: int
    rule: str = ""
    unit: int = 0  # counted from 1; 0: all of them
    row: int = 0  # counted from 1; 0: all of them; counts only with a unit

    def made(self) -> dict[str, object]:
        """The change as it is written down: one of a whole matrix looks as it did before there were parts."""
        return {name: value for name, value in self._asdict().items() if value or name == "rule"}

    def text(self, rules: Sequence[str], step: int) -> str:
        """A sentence for people; `rules`: those that have the matrix."""
        part = f", unit {self.unit}" if self.unit else ""
        part += f" from row {self.row}" if self.unit and self.row else ""
        part += "," if part else ""
        return f"After step {step} the feedback to block {self.block}{part} {WORDS[self.how]} in {', '.join(rules)}."


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
def change(rule: Rule, network: Network, wanted: Change, redrawn: Callable[[Tensor], Tensor]) -> bool:
    """False, and nothing is done, where the rule has no such feedback or does not let it be changed so.

    `redrawn`: another B in the place of one.

    A part is one of the matrix that is shown of the block, `rule.matrices`. Raises ValueError for a `how` that there is not.
    """
    if wanted.how not in WORDS:
        raise ValueError(wanted.how)
    found = delivering(rule, network, wanted.block) if wanted.how in rule.changes else []
    if found and wanted.unit:
        B = rule.matrices(network).get(wanted.block)
        found = [] if B is None or part_of(B, wanted) is None else [B]
    for B in found:
        part = part_of(B, wanted)
        assert part is not None
        if wanted.how == "flip":
            part.neg_()
        elif wanted.how == "redraw":
            drawn = part_of(redrawn(B), wanted)
            assert drawn is not None
            part.copy_(drawn)
        else:
            part.zero_()
    return bool(found)


def part_of(B: Tensor, wanted: Change) -> Tensor | None:
    """The entries that are meant, a view of B as (rows, columns): all, a column or one; None where B has no such."""
    matrix = B.view(len(B), -1)
    rows, columns = matrix.shape
    if wanted.unit > columns or wanted.row > rows:
        return None
    if not wanted.unit:
        return matrix
    column = matrix[:, wanted.unit - 1]
    return column[wanted.row - 1] if wanted.row else column
