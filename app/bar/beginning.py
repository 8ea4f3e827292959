"""To begin an experiment and put it on screen."""

import time

from app.shell.server import manager
from app.visit import watching
from app.visit.session import session
from dfa_lab.settings.experiment import Experiment, SettingsError

FIRST_POINTS = 0.4  # seconds that who begins waits for them; a large data set takes longer to load


def start(experiment: Experiment, *, paused: bool = False, pace: float = 0.0) -> None:
    """Begin it, and put it on screen; why it cannot be is among the session's problems."""
    try:
        id = manager().start(experiment, paused=paused, pace=pace)
    except SettingsError as error:
        session.problems = error.problems
        return
    session.problems = []
    watching.watch(id)
    until = time.monotonic() + FIRST_POINTS
    while not manager().records(id) and not paused and time.monotonic() < until:
        time.sleep(0.01)  # what the page is drawn with already has its first points
