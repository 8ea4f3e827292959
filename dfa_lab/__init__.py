"""DFA Lab: see how networks learn without backpropagation. What other programs may build on is named here:

    from dfa_lab import Experiment, Trainer, parse

    for records in Trainer(parse({"dataset": "digits", "rules": "bp,dfa"})):
        ...

- Experiment: every setting; `parse` makes one of texts and numbers in any spelling, SettingsError says what is refused.
- Trainer: trains an Experiment step by step and yields Records; DataError and Diverged end it with a sentence.
- Results: makes of Records what `python -m dfa_lab train --json` writes.
- Manager: keeps experiments running in the background, and in a Store.

A name is imported when it is first asked for: torch takes seconds, and a refused setting or the help needs none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

if TYPE_CHECKING:
    from dfa_lab.data import DataError as DataError
    from dfa_lab.records import Record as Record
    from dfa_lab.runs.manager import Manager as Manager
    from dfa_lab.runs.store.store import Store as Store
    from dfa_lab.settings.experiment import Experiment as Experiment
    from dfa_lab.settings.experiment import SettingsError as SettingsError
    from dfa_lab.settings.parsing import parse as parse
    from dfa_lab.train.results import Results as Results
    from dfa_lab.train.trainer import Diverged as Diverged
    from dfa_lab.train.trainer import Trainer as Trainer

HOMES = {
    "Experiment": "settings.experiment",
    "SettingsError": "settings.experiment",
    "parse": "settings.parsing",
    "Record": "records",
    "DataError": "data",
    "Trainer": "train.trainer",
    "Diverged": "train.trainer",
    "Results": "train.results",
    "Manager": "runs.manager",
    "Store": "runs.store.store",
}


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *HOMES})
