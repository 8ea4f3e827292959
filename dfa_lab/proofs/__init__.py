"""Proofs, on an experiment's own data and network, that each rule is what it says."""

from dfa_lab.proofs.control import Control
from dfa_lab.proofs.counting import Count, Kind, Products, products
from dfa_lab.proofs.examine import Examined, examine
from dfa_lab.proofs.replacing import Matrices, matrices
from dfa_lab.proofs.sections import Section, failed, sections
from dfa_lab.proofs.short_training import Outcome, Progress, ShortTraining
from dfa_lab.proofs.signal_angles import Aligned
from dfa_lab.proofs.subject import Subject, subject
from dfa_lab.proofs.transporting import Transport, transport
from dfa_lab.proofs.verdicts import Finding, Promise, Verdict

__all__ = [
    "Aligned",
    "Control",
    "Count",
    "Examined",
    "Finding",
    "Kind",
    "Matrices",
    "Outcome",
    "Products",
    "Progress",
    "Promise",
    "Section",
    "ShortTraining",
    "Subject",
    "Transport",
    "Verdict",
    "examine",
    "failed",
    "matrices",
    "products",
    "sections",
    "subject",
    "transport",
]
