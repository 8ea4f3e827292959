"""Another B for the same experiment: distribution, scale and seed of the feedback, and a new training with them."""

from collections.abc import Mapping

import streamlit as st

from app.bar import beginning
from app.form import settings_form
from app.visit import hidden_controls
from dfa_lab.runs.live import Status
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.settings.parsing import differences, parse
from dfa_lab.settings.wording import SPELLINGS

NAMES = tuple(name for name in hidden_controls.members("rules") if name.startswith("feedback_"))


def show(status: Status) -> None:
    """A popover with the settings of the feedback; they are those of the Lab's form."""
    if hidden_controls.hidden() & {*NAMES, hidden_controls.TRANSPORT}:  # a link's wish
        return
    with st.popover("Another B", icon=":material/shuffle:", help="Another distribution, scale or seed"):
        experiment, problems = _with(status.experiment, settings_form.widgets(NAMES))
        settings_form.show_problems(problems)
        st.button(
            "Train again with it",
            key="feedback_another",
            type="primary",
            icon=":material/play_arrow:",
            disabled=experiment is None,
            help="The same experiment from step 0, with this feedback",
            on_click=beginning.start,
            args=(experiment,),
        )


def _with(experiment: Experiment, chosen: Mapping[str, object]) -> tuple[Experiment | None, list[str]]:
    """The experiment with the feedback that is chosen, or None and the sentences about what cannot be."""
    given = {SPELLINGS[name]: value for name, value in differences(experiment).items()}
    try:
        return parse({name: value for name, value in given.items() if name not in (*NAMES, "save")} | dict(chosen)), []
    except SettingsError as error:
        return None, error.problems
