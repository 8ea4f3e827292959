"""What went wrong in an experiment, as one sentence that helps."""

import torch

from dfa_lab import data
from dfa_lab.data import DataError
from dfa_lab.networks import own_file
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.train.trainer import Diverged

NOT_OFFERED = (
    "{} cannot be read on this server: choose another data set, such as digits, which is always there, or ask whoever keeps "
    "this server for it."
)
SMALLER = "start again with a smaller num_hidden, num_layers or batch_size, or with fewer rules or seeds"


def out_of_memory(error: BaseException) -> bool:
    """torch says it on the CPU with a plain RuntimeError: "not enough memory: you tried to allocate …"."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and "memory" in str(error).lower() and "alloc" in str(error).lower()


def sentence(error: BaseException, experiment: Experiment | None = None, *, at_home: bool = True) -> str:
    """For the person who started the experiment. `at_home`: not a visitor, who neither reads nor mends the server's folders."""
    if isinstance(error, DataError) and not at_home:
        return NOT_OFFERED.format(data.facts(experiment.dataset).title if experiment else "The data set")
    if isinstance(error, (Diverged, SettingsError, DataError)):
        return str(error)
    if out_of_memory(error):
        return f"The device's memory is full: {SMALLER}."
    if experiment and (told := own_file.explain(error, experiment)):
        return told
    first_line = (str(error).strip().splitlines() or [""])[0][:200]
    return f"It stopped at an error in the lab itself ({type(error).__name__}: {first_line}); the server's log has the details."
