"""Experiment ⇄ widgets ⇄ link. The widgets are made from the fields of Experiment."""

from collections.abc import Mapping

import streamlit as st

from app.texts import plain
from dfa_lab import data
from dfa_lab.config import Experiment, SettingsError, differences, extra, keep_good, parse, title
from dfa_lab.runs.demo import demonstration

GROUPS = {"data": "Data", "network": "Network", "rules": "Learning rules", "training": "Training"}
MORE = ("datapath", "normalization", "momentum", "device", "probe_size", "measure_every", "feedback_magnitude")
ATTACH = "experiment"  # the link's parameter that names a running or stored experiment


def key(name: str) -> str:
    """Of a setting's widget in the session's state."""
    return f"setting_{name}"


def as_text(value: object) -> object:
    """A setting's value as its widget holds it."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else value


def put(experiment: Experiment) -> None:
    """Show this experiment's settings in the form."""
    for name in Experiment.model_fields:
        value = getattr(experiment, name)
        st.session_state[key(name)] = list(value) if name == "rules" else as_text(value)


def from_link(params: Mapping[str, list[str]]) -> list[str]:
    """Fill the form from a link's parameters; the sentences about those that cannot be used."""
    problems = [
        f"The link gives {name[:40]!r} {len(values)} times: the first one counts."
        for name, values in params.items()
        if len(values) > 1
    ]
    experiment, refused = keep_good({name: values[0] for name, values in params.items() if values and name != ATTACH})
    put(experiment if params.keys() - {ATTACH} else demonstration(0)[0])
    return problems + refused


def link(experiment: Experiment) -> dict[str, str]:
    """The parameters of a link that carries all settings."""
    return differences(experiment)


def form() -> tuple[Experiment | None, list[str]]:
    """Draw the form; the experiment it describes, or None and one sentence for every setting that cannot be."""
    for group, heading in GROUPS.items():
        names = [name for name, field in Experiment.model_fields.items() if extra(field)["group"] == group and name not in MORE]
        st.subheader(heading, anchor=False)
        for name in names:
            _widget(name)
    with st.expander("More settings"):
        for name in MORE:
            _widget(name)
    return _read()


def _in_force(name: str) -> bool:
    """False where another setting makes this one irrelevant."""
    when = extra(Experiment.model_fields[name])["when"]
    return all(st.session_state.get(key(other)) in values for other, values in when.items())


def _widget(name: str) -> None:
    if not _in_force(name):
        return
    field = Experiment.model_fields[name]
    common = {"label": title(name), "key": key(name), "help": field.description, "persist_state": "session"}
    choices = extra(field)["choices"]
    if name == "rules":
        st.pills(options=choices, selection_mode="multi", **common)
    elif name == "device":
        from dfa_lab.device import present

        st.selectbox(options=["auto", *present()], **common)
    elif name == "dataset":
        st.selectbox(options=choices, format_func=_dataset_title, **common)
    elif choices:
        st.segmented_control(options=choices, required=True, **common) if len(choices) < 4 else st.selectbox(
            options=choices, **common
        )
    elif field.annotation is bool:
        st.toggle(**common)
    elif field.annotation is int:
        st.number_input(step=1, format="%d", **common)
    else:
        st.text_input(**common)


def _dataset_title(name: str) -> str:
    facts = data.facts(name)
    here = data.is_here(name, data.root(str(st.session_state.get(key("datapath"), ""))))
    return facts.title if here else f"{facts.title} (not on this machine yet)"


def _read() -> tuple[Experiment | None, list[str]]:
    given = {}
    for name, field in Experiment.model_fields.items():
        value = st.session_state.get(key(name))
        if not _in_force(name) or value is None:
            value = field.default if value is None and field.annotation is not int else value
            if value is None or not _in_force(name):
                continue
        given[name] = tuple(value) if isinstance(value, list) else value
    try:
        experiment = parse(given)
        from dfa_lab.train.fitting import check

        check(experiment)
    except SettingsError as error:
        return None, error.problems
    return experiment, []


def show_problems(problems: list[str]) -> None:
    """One box, one sentence a line."""
    if problems:
        st.error("\n\n".join(map(plain, problems)), icon=":material/error:")
