"""Networks in the shapes of public code, each with the verdict that is right: which rules train it, and which are refused and
why. All of them take images of digits, (1, 8, 8)."""

import textwrap
from dataclasses import dataclass, field

RULES = ("bp", "fa", "dfa", "shallow")
HEAD = """
    import math, random
    import numpy as np
    import torch
    import torch.nn.functional as F
    from torch import nn

    def dense(units=16):
        return nn.Sequential(nn.Flatten(), nn.Linear(64, units), nn.Tanh())

    class Use(nn.Module):
        '''forward(h) = how(parts, h), with modules and parameters by name.'''
        def __init__(self, how, **parts):
            super().__init__()
            self.how = how
            for name, part in parts.items():
                setattr(self, name, part)
        def forward(self, h):
            return self.how(self, h)

    def matrix(*size):
        return nn.Parameter(torch.randn(*size) / math.sqrt(size[-1]))
"""


@dataclass(frozen=True)
class Case:
    """`text` of the file below HEAD; `refused`: by rule, what its sentence says; "": of every rule."""

    text: str
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        return textwrap.dedent(HEAD) + textwrap.dedent(self.text)

    def trained_by(self) -> list[str]:
        return [rule for rule in RULES if rule not in self.refused and "" not in self.refused]


def of(blocks: str, before: str = "", **refused: str) -> Case:
    refused = {"" if rule == "fails" else rule: said for rule, said in refused.items()}
    return Case(f"{textwrap.dedent(before)}\ndef blocks(experiment, shape):\n    return [{blocks}]\n", refused)
