"""Proofs, on an experiment's own data and network, that each rule is what it says."""

from dfa_lab.proofs.control import Control
from dfa_lab.proofs.control_training import ControlTraining, Progress
from dfa_lab.proofs.examination import Examined, examine
from dfa_lab.proofs.matrix_changes import Matrices, matrices
from dfa_lab.proofs.product_counts import Count, Kind, Products, products
from dfa_lab.proofs.sections import Section, failed, sections
from dfa_lab.proofs.short_training import Outcome, ShortTraining
from dfa_lab.proofs.signal_angles import Aligned
from dfa_lab.proofs.subject import Subject, subject
from dfa_lab.proofs.verdicts import Finding, Promise, Verdict
from dfa_lab.proofs.weight_transport import Transport, transport

__all__ = [
    "Aligned",
    "Control",
    "ControlTraining",
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
