"""Settings that have to fit the data set, and this machine's memory."""

from math import prod

from dfa_lab.data.about import Facts
from dfa_lab.data.whitening import matrix_bytes
from dfa_lab.machine import memory
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.wording import refuse


def check(experiment: Experiment, facts: Facts) -> None:
    """Raise SettingsError with one sentence for each setting that the data set makes impossible.

    `facts` are those of `facts_of(experiment)`.
    """
    problems = []
    images = len(facts.shape) == 3
    whole = experiment.dataset == "points" and not experiment.drop_last  # a drawing may be one batch, the last of its epoch
    if experiment.batch_size > facts.train and not whole:
        most = f"at most {facts.train}, the number of {facts.title} training {facts.samples}"
        problems.append(refuse("batch_size", experiment.batch_size, most))
    if experiment.format == "yuv" and not (images and facts.shape[0] == 3):
        problems.append(refuse("format", experiment.format, f"rgb for {facts.title}, which has no colours"))
    if experiment.augment and not images:
        problems.append(refuse("augment", experiment.augment, f"false for {facts.title}, which has points and no images"))
    if (taken := _bytes(experiment, facts)) > (there := memory.available()):
        why = f"takes {memory.gib(taken)} (this machine has {memory.gib(there)})"
        if experiment.whiten:
            allowed = f"false for {facts.title}, where whitening {prod(facts.shape)} inputs {why}"
            problems.append(refuse("whiten", experiment.whiten, allowed))
        elif experiment.format == "yuv":
            problems.append(refuse("format", experiment.format, f"rgb for {facts.title}, which {why} as yuv"))
    if problems:
        raise SettingsError(problems)


def _bytes(experiment: Experiment, facts: Facts) -> int:
    """What preparing the set holds at once, at least: it as read, as yuv and whitened, and the whitening's matrices."""
    copies = 1 + 4 * (experiment.format == "yuv") + 4 * experiment.whiten
    matrices = matrix_bytes(facts.shape) if experiment.whiten else 0
    return copies * (facts.train + facts.test) * prod(facts.shape) + matrices
