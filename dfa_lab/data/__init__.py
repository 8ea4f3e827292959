"""Data sets as tensors that live on the device: look them up, load them, normalise them."""

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.catalog import facts, is_here
from dfa_lab.data.checking import check
from dfa_lab.data.dataset import DataSet
from dfa_lab.data.errors import DataError
from dfa_lab.data.folder import root
from dfa_lab.data.loading import load

__all__ = ["Arrays", "DataError", "DataSet", "Facts", "check", "facts", "is_here", "load", "root"]
