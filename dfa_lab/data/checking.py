"""Settings that have to fit the data set, and this machine's memory."""

from math import prod

from dfa_lab.data.about import Facts
from dfa_lab.data.splitting import split_facts
from dfa_lab.data.whitening import matrix_bytes
from dfa_lab.machine import memory
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.wording import label, refuse


def check(experiment: Experiment, facts: Facts) -> None:
    """Raise SettingsError with one sentence for each setting that the data set makes impossible.

    `facts` are those of `facts_of(experiment)`.
    """
    problems = []
    images = len(facts.shape) == 3
    whole = experiment.dataset == "points" and not experiment.drop_last  # a drawing may be one batch, the last of its epoch
    few = experiment.train_samples
    if few and (why := _subset(experiment)):
        problems.append(refuse("train_samples", few, why))
    elif experiment.batch_size > facts.train and not whole:
        taken = f" that {label('train_samples')} leaves" if few else ""
        most = f"at most {facts.train}, the number of {facts.title} training {facts.samples}{taken}"
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


def _subset(experiment: Experiment) -> str:
    """What to give for a subset that cannot be taken of what was published; empty where it can be."""
    there = split_facts(experiment)
    if experiment.train_samples > there.train:
        left = " that are not held out" if experiment.hold_out else ""
        return f"at most {there.train}, the number of {there.title} training {there.samples}{left}, or 0 for all of them"
    if experiment.train_samples < there.classes:
        return f"at least {there.classes}, one for each class of {there.title}, or 0 for all training {there.samples}"
    return ""


def _bytes(experiment: Experiment, facts: Facts) -> int:
    """What preparing the set holds at once, at least: it as read, as yuv and whitened, and the whitening's matrices."""
    copies = 4 * (experiment.format == "yuv") + 4 * experiment.whiten
    matrices = matrix_bytes(facts.shape) if experiment.whiten else 0
    read = split_facts(experiment)
    return (read.train + read.test + copies * (facts.train + facts.test)) * prod(facts.shape) + matrices
