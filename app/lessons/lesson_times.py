"""How long a lesson's training takes on this server now.

An experiment of a lesson is slowed down to the seconds that its file says, and a server that is busy makes it slower still. By
how much is measured: on the steps of all that train at a pace of their own just now, as the demonstration and other lessons do.
"""

from math import ceil
from statistics import median

from app.lessons.lesson_words import say
from app.shell.server import manager
from dfa_lab.data import facts_of
from dfa_lab.lessons import Lesson, Step
from dfa_lab.runs.live import Status

NOTICED = 1.3  # times as slow, before it is said


def steps_of(step: Step) -> int:
    """Training steps of its experiment."""
    experiment = step.experiment
    return experiment.epochs * ceil(facts_of(experiment).train / experiment.batch_size)


def pace(step: Step) -> float:
    """Steps a second at which its experiment can be watched."""
    return steps_of(step) / step.seconds


def slowness() -> float:
    """How many times as long as it should an experiment takes that has a pace; 1 where nothing keeps it back."""
    running = [one.id for one in manager().store.experiments() if one.state == "running"]
    known = [status for id in running if (status := manager().status(id)) and status.pace and status.rate]
    return median(map(slowed, known)) if known else 1.0


def slowed(status: Status) -> float:
    """The same of one of them, by the steps that were measured over the last seconds."""
    made = status.rate / (status.experiment.batch_size * len(status.experiment.runs()))
    return max(1.0, status.pace / made) if made and status.state == "running" else 1.0


def seconds_now(step: Step, slow: float) -> float:
    """From the first step of the training to what answers the question."""
    return step.seconds * step.passes / step.experiment.epochs * slow


def lesson_now(lesson: Lesson, slow: float) -> float:
    """The trainings of all its steps."""
    return sum(seconds_now(step, slow) for step in lesson.steps)


def words(seconds: float) -> str:
    """A time as it is said."""
    return say("seconds", n=f"{5 * ceil(seconds / 5)}") if seconds < 100 else say("minutes", n=f"{seconds / 60:.0f}")
