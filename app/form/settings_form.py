"""The form: its widgets are made from the fields of Experiment, and what they hold becomes an Experiment."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import streamlit as st
import torch

from app.form import cost, door, drawing, effect, narrowing, stepper, suiting, thumbnails
from app.form.full_words import full
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import chosen, hidden_controls
from app.visit.form_state import FORM, SEVERAL, key, suit, values
from app.visit.session import held, hold
from dfa_lab import data
from dfa_lab.machine.device import present
from dfa_lab.networks import own_file
from dfa_lab.settings import reference
from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.parsing import keep_good, parse
from dfa_lab.settings.wording import title
from dfa_lab.train import saved
from dfa_lab.train.failures import sentence
from dfa_lab.train.plan import Plan
from dfa_lab.train.preflight import check

ENOUGH = 500  # steps


def form() -> tuple[Experiment | None, list[str]]:
    """Draw the form; the experiment it describes, or None and one sentence for every setting that cannot be."""
    before = door.playthings()
    with st.container():  # one element, whatever the data set brings: what comes after it stays as it was
        for name in before:
            if name not in hidden_controls.hidden():
                widget(name)
    cost_line = st.container()
    door.show(before, widget, lambda name: effect.ELSEWHERE.get(name, "") or effect.missing(name))
    experiment, problems = read()
    with cost_line:
        cost.in_form(experiment)
    return experiment, problems


def widgets(names: Iterable[str]) -> dict[str, object]:
    """Draw those of some settings alone; what they hold, for `parse`, without those that are irrelevant."""
    for name in names:  # on another page than the form's a text would begin empty (Streamlit 1.67)
        hold(key(name), held(key(name)))
    chosen.marks.changed = False  # what is chosen there is for that page
    for name in names:
        widget(name)
    return values(name for name in names if in_force(name))


def in_force(name: str, form: str = FORM) -> bool:
    """False where another setting makes this one irrelevant, or it is for whoever keeps the server."""
    return not effect.missing(name, form)


def widget(name: str, form: str = FORM) -> None:
    """Draw the widget of a setting, nothing where it has no effect."""
    if not in_force(name, form) or name in effect.ELSEWHERE:
        return
    field = Experiment.model_fields[name]
    common: dict[str, Any] = {
        "label": title(name),
        "key": key(name, form),
        "help": reference.short(name),
        "persist_state": "session",
    }
    common |= {"on_change": _change, "args": (name,)} if form == FORM else {}
    choices = [*extra(field)["choices"], *(own_file.names() if name == "network" else [])]
    if field.annotation is int:  # of which some are kinds, not numbers
        choices = [int(value) for value in extra(field)["words"]]
    shown = partial(full, name)
    if name == "points":
        st.markdown(title(name), help=common["help"])
        drawing.board("board")
        _length()
    elif name == "load":
        st.selectbox(
            options=_with_current(key(name, form), ["", *saved.names()]),
            format_func=lambda kept: kept or "new weights",
            **common,
        )
    elif name in SEVERAL:
        st.pills(options=choices, format_func=shown, selection_mode="multi", **common)
    elif name == "device":
        st.selectbox(options=["auto", *present()], format_func=shown, **common)
    elif name == "dataset":
        with st.container(gap="small"):
            said = thumbnails.show(lambda: _change("dataset"), title(name), common["help"])
            seen = "collapsed" if said else "visible"
            st.selectbox(options=choices, format_func=_dataset_title, label_visibility=seen, **common)
        _samples(form)
        suiting.show(in_force)
    elif choices and len(choices) < 4:
        st.radio(options=_with_current(key(name, form), choices), format_func=shown, **common)
    elif choices:
        st.selectbox(options=_with_current(key(name, form), choices), format_func=shown, **common)
    elif field.annotation is bool:
        st.toggle(**common)
    elif field.annotation is int:
        st.number_input(step=1, format="%d", **common)
    elif extra(field)["steps"] and form == FORM:
        stepper.show(name, _change, **common)
        narrowing.offer(name, _change)
    else:
        st.text_input(**common)


def _change(name: str) -> None:
    """The visitor gave the form's setting another value: it is theirs from now on, and a data set brings what suits it."""
    chosen.by_visitor((name,))
    chosen.in_form()
    if name == "dataset":
        suit()


def _samples(form: str) -> None:
    """How many samples of the data set train and test, as published and as the form's other settings leave them."""
    name = str(held(key("dataset", form)))
    made = data.setting_of(name)
    if name != "points" and held(key(made, form)) is not None:  # the board counts what is drawn
        facts = data.facts_of(keep_good(values(["dataset", made, "hold_out", "train_samples"], form))[0])
        st.caption(data.counts(facts.train, facts.test, facts))


def _length() -> None:
    """A drawing has few points, so the epochs that suit other sets are over at once: say so."""
    experiment, _ = read()
    if experiment is None:
        return
    steps = Plan(experiment, data.facts_of(experiment).train).steps
    if steps < ENOUGH:
        st.caption(f"With these settings the training is over after {steps:,} steps.")


def _with_current(key: str, options: list[Any]) -> list[Any]:
    """A stored experiment or a link may name a file that is not there; it is refused in words, not left out in silence."""
    current = held(key, options[0])
    return options if current in options else [*options, current]


def _dataset_title(name: str) -> str:
    facts = data.facts(name)
    here = data.is_here(name, data.root(str(held(key("datapath"), "")) if in_force("datapath") else ""))
    return facts.title if here else f"{facts.title} (not on this machine yet)"


def read() -> tuple[Experiment | None, list[str]]:
    """The experiment that the form describes, or None and the sentences for what cannot be."""
    experiment = None
    try:
        experiment = parse(values([name for name in Experiment.model_fields if in_force(name)], FORM))
        if experiment.load:
            saved.net(experiment.load)
        check(experiment)
        if not experiment.download and not data.is_here(
            experiment.dataset, data.root(experiment.datapath), data.made_from(experiment)
        ):
            data.load(experiment, torch.device("cpu"))  # fails at once, and says what is missing where
    except SettingsError as error:
        return None, error.problems
    except data.DataError as error:
        return None, [sentence(error, experiment, at_home=manager().rights.who().administrator)]
    return experiment, []


def given(before: Experiment, names: list[str], form: str) -> tuple[Experiment | None, list[str]]:
    """`before` with these settings as a form says them, or None and the sentences for what cannot be."""
    kept = {name: value for name, value in before.model_dump().items() if name != "device"}
    try:
        return parse({**kept, **values(names, form)}).model_copy(update={"device": before.device}), []
    except SettingsError as error:
        return None, error.problems


def show_problems(problems: list[str]) -> None:
    """A box with one sentence a line, if there are any."""
    if problems:
        st.error("\n\n".join(map(plain, problems)), icon=":material/error:")
