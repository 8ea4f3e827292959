"""Proofs, on an experiment's own data and network, that each rule is what it says."""

from dfa_lab.measure.proofs.aligning import Aligned
from dfa_lab.measure.proofs.control import Control
from dfa_lab.measure.proofs.counting import Count, Kind, Products, products
from dfa_lab.measure.proofs.examining import Examined, examine
from dfa_lab.measure.proofs.replacing import Matrices, matrices
from dfa_lab.measure.proofs.sections import Section, failed, sections
from dfa_lab.measure.proofs.subject import Subject, subject
from dfa_lab.measure.proofs.training import Outcome, Progress, ShortTraining
from dfa_lab.measure.proofs.transporting import Transport, transport
from dfa_lab.measure.proofs.verdicts import Finding, Promise, Verdict

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
