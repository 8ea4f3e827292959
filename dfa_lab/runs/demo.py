"""The demonstration that every newcomer sees: small, real, and slowed down so that the turn of the angle can be watched."""

from dfa_lab.runs.replay.origin import Origin
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import parse

SECONDS = 75  # that one showing lasts


def demonstration(seed: int) -> tuple[Experiment, float]:
    """(experiment, pace in steps a second): bp, fa and dfa on digits, from one seed."""
    experiment = parse(
        {
            "dataset": "digits",
            "num_layers": 2,
            "num_hidden": 100,
            "rules": "bp,fa,dfa",
            "learning_rate": 1e-3,
            "batch_size": 32,
            "epochs": 24,
            "measure_every": 6,
            "probe_size": 128,
            "seeds": seed,
            "device": "cpu",
        }
    )
    steps = experiment.epochs * 45  # 1437 digits in batches of 32
    return experiment, steps / SECONDS


def chosen_by_the_lab(experiment: Experiment, origin: Origin | None) -> bool:
    """Whether the settings are the demonstration's, which no person chose: its own, a copy's, or those of a fork of it.

    `origin`: of the experiment, if it is a fork.
    """
    if origin:
        before = {name: was for name, (was, _) in origin.settings.items()}
        try:
            experiment = parse({**experiment.model_dump(), **before})
        except SettingsError:  # of another version of the lab
            return False
    return experiment == demonstration(experiment.seeds[0])[0]
