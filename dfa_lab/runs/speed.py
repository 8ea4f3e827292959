"""Speed: how fast this server trains, measured on what it trains, to say beforehand how long something else would take."""

from statistics import median

from dfa_lab.machine.device import resolve
from dfa_lab.runs.lives import Lives
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.train.effort import effort, effort_of_step

ENOUGH = 20  # steps, from which on an experiment tells something
# what does not change how long a step takes
NO_MATTER = {
    *("learning_rate", "learning_rate_decay", "halve_every", "decay_factor", "schedule", "warm_up", "epochs", "seeds"),
    *("init", "feedback_magnitude", "feedback_seed", "split_seed", "save", "load"),
}


class Speed:
    """Any thread may ask."""

    def __init__(self, lives: Lives):
        self._lives = lives

    def seconds(self, experiment: Experiment) -> float | None:
        """About how long its whole training takes here; None where nothing has been measured on its kind of device yet.

        Raises SettingsError where its network cannot be.
        """
        if resolve(experiment.device, experiment.device_number).type != "cpu":
            return None  # a GPU's steps go on after Python has begun them: their time is not known
        times = []
        for one, took in self._measured():
            try:
                times.append(took / effort_of_step(one))  # type: ignore[arg-type]  # it is frozen
            except SettingsError:  # a network file that is not there any more
                continue
        return effort(experiment) * median(times) if times else None

    def of_step(self, experiment: Experiment) -> float | None:
        """Seconds of one step of every run, as the last experiment of the same shape took them here; None without one."""
        shape = _shape(experiment)
        return next((took for one, took in reversed(self._measured()) if _shape(one) == shape), None)

    def _measured(self) -> list[tuple[Experiment, float]]:
        """Experiments and the seconds of a step of theirs, the one that was added last at the end."""
        with self._lives.lock:
            return [(live.experiment, live.weight.mean) for live in self._lives.all() if live.weight.steps >= ENOUGH]


def _shape(experiment: Experiment) -> tuple[object, ...]:
    """What experiments have in common whose steps cost the same."""
    fields = [name for name in Experiment.model_fields if name not in NO_MATTER]
    return len(experiment.seeds), *(getattr(experiment, name) for name in fields)
