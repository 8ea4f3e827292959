"""What the chosen experiment costs: parameters, memory and the seconds of a step, as far as they are known."""

from functools import lru_cache

import streamlit as st

from app.shell.server import manager
from app.visit import projector
from dfa_lab import data, networks
from dfa_lab.machine.disk_room import human
from dfa_lab.runs.admission import taken_by
from dfa_lab.settings.experiment import Experiment

BEGIN = "Begin a new experiment with the settings of the form"
# Beside Start where the screen has a line to spare, else in the form: once on every screen.
SPARE = "(min-width: 641px) and (min-height: 800px)"
STYLE = f"""<style>
.st-key-cost_form, .st-key-cost_start {{ display: none; }}
.st-key-cost_start p {{ font-size: 0.8125rem; line-height: 1.2; margin: 0; }}
.st-key-cost_start [data-testid=stCaptionContainer] {{ margin-bottom: 0; }}
@media {SPARE} {{ .st-key-cost_start {{ display: flex; }} }}
@media not all and {SPARE} {{ .st-key-cost_form {{ display: flex; }} }}
</style>"""


def in_form(experiment: Experiment | None) -> None:
    """The line in the form, on a phone and an old projector."""
    with st.container(key="cost_form"):
        st.html(STYLE)
        if experiment:
            st.caption(f"{words(experiment)}.")


def beside_start(experiment: Experiment | None) -> None:
    """The line below Start; a room that looks at the wall is spared it."""
    if experiment and not projector.on():
        with st.container(key="cost_start"):
            st.caption(f"Start trains {words(experiment)}.")


def about(experiment: Experiment | None) -> str:
    """What is said of Start when it is pointed at."""
    return f"{BEGIN}: {words(experiment)}." if experiment else BEGIN


def words(experiment: Experiment) -> str:
    """Parameters, memory and, where a step of the same shape was measured on this server, how long it takes.

    Nothing is said of the time of what was never trained here.
    """
    count = len(experiment.runs())
    each = f"{_parameters(experiment):,} parameters"  # type: ignore[arg-type]  # it is frozen
    said = [f"{count} networks of {each}" if count > 1 else f"a network of {each}"]
    said.append(f"at most {human(taken_by(experiment))} of memory")
    if (seconds := manager().speed.of_step(experiment)) is not None:
        said.append(f"{_short(seconds)} a step, as measured here")
    return " · ".join(said)


def _short(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds >= 1 else f"{1000 * seconds:.2g} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"


@lru_cache(64)  # a form is drawn again and again
def _parameters(experiment: Experiment) -> int:
    return networks.parameters(experiment, data.facts_of(experiment))
