"""The five proofs one after another, as a page or a terminal shows them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dfa_lab.proofs import control, matrix_changes, product_counts, signal_angles, weight_transport
from dfa_lab.proofs.examination import Examined
from dfa_lab.proofs.short_training import Outcome
from dfa_lab.proofs.verdicts import Finding, Verdict


@dataclass(frozen=True)
class Section:
    """One proof: `short` names it in a table; `findings` by rule, empty where it has not been made."""

    short: str
    question: str
    how: str
    findings: dict[str, Finding]


def sections(examined: Mapping[str, Examined], outcome: Outcome | None) -> list[Section]:
    """The five proofs of the rules in `examined`; without an `outcome` the last two have no findings."""
    trained = outcome.control if outcome else {}
    angles = outcome.aligned if outcome else {}
    found = [
        ("Path", weight_transport, {rule: one.transport.finding for rule, one in examined.items()}),
        ("Matrices", matrix_changes, {rule: one.matrices.finding for rule, one in examined.items()}),
        ("Products", product_counts, {rule: one.products.finding for rule, one in examined.items()}),
        ("Control", control, {rule: one.finding for rule, one in trained.items()}),
        ("Angles", signal_angles, {rule: one.finding for rule, one in angles.items() if rule in examined}),
    ]
    return [Section(short, module.QUESTION, module.HOW, findings) for short, module, findings in found]


def failed(found: Iterable[Section]) -> list[Finding]:
    """All findings that fail."""
    return [one for section in found for one in section.findings.values() if one.verdict is Verdict.FAILS]
