"""Data sets as tensors that live on the device: look them up, load and prepare them, augment batches."""

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.augmentation import augment
from dfa_lab.data.catalog import facts, is_here, made_from, setting_of, whole
from dfa_lab.data.checking import check
from dfa_lab.data.dataset import DataSet
from dfa_lab.data.errors import DataError
from dfa_lab.data.folder import root
from dfa_lab.data.loading import load
from dfa_lab.data.splitting import facts_of
from dfa_lab.data.verifying import counts, shortfall

__all__ = [
    "Arrays",
    "DataError",
    "DataSet",
    "Facts",
    "augment",
    "check",
    "counts",
    "facts",
    "facts_of",
    "is_here",
    "load",
    "made_from",
    "root",
    "setting_of",
    "shortfall",
    "whole",
]
