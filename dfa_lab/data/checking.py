"""Settings that have to fit the data set."""

from dfa_lab.config import Experiment, SettingsError
from dfa_lab.data.about import Facts
from dfa_lab.wording import refuse


def check(experiment: Experiment, facts: Facts) -> None:
    """Raise SettingsError with one sentence for each setting that the data set makes impossible."""
    problems = []
    if experiment.batch_size > facts.train:
        most = f"at most {facts.train}, the number of {facts.title} training {facts.samples}"
        problems.append(refuse("batch_size", experiment.batch_size, most))
    if problems:
        raise SettingsError(problems)
