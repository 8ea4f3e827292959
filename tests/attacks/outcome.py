"""What came of one kind of attack."""

import re
import sys
from collections import Counter
from dataclasses import dataclass, field

LONGEST = 600  # characters of a sentence
TELLTALE = re.compile(
    r"Traceback|Error\b|Exception|0x[0-9a-f]{6,}|<class |\bNone\b.*\bobject\b|site-packages|line \d+, in ", re.S
)


@dataclass
class Outcome:
    """`counted`: what happened how often, in words. `faults`: what should not have happened, each with how to have it again."""

    kind: str
    tried: int = 0
    counted: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def fault(self, what: str) -> None:
        """Note one, and say it at once."""
        print(f"{self.kind}: {what}", file=sys.stderr, flush=True)
        self.faults.append(what)

    def row(self) -> str:
        """A line of the table."""
        told = ", ".join(f"{count} {what}" for what, count in self.counted.most_common())
        return f"{self.kind:<16}{self.tried:>7}{len(self.faults):>8}   {told}"


HEAD = f"{'attack':<16}{'tried':>7}{'faults':>8}   what came of it"


def sentence_fault(said: str, hidden: str = "") -> str:
    """Why this is no sentence for a person; empty if it is one. `hidden`: what it must not name, such as a folder."""
    if not said.endswith((".", "?")) or not said[:1].strip():
        return "no whole sentence"
    if len(said) > LONGEST:
        return f"{len(said)} characters"
    if any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in said):
        return "control characters"
    if found := TELLTALE.search(said):
        return f"the program's own words ({found.group()!r})"
    return "the name of a folder of the server" if hidden and hidden in said else ""
