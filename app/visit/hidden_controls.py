"""What a link says about the view and not about the experiment: hidden controls, projector mode, the lesson.

A lecturer's link may leave out controls: `hide=training,dataset,transport` or `hide=all`. That is a view and no lock:
whoever wants them back presses Show all, or leaves `hide` out of the link.
"""

import difflib
from collections.abc import Iterable, Mapping

import streamlit as st

from app.visit.session import session
from dfa_lab.settings.experiment import Experiment, extra
from dfa_lab.settings.wording import SPELLINGS, shown

GROUPS = {"data": "Data", "network": "Network", "rules": "Learning rules", "training": "Training", "measuring": "Measuring"}
TRANSPORT = "transport"  # the bar with Start, Pause, Step and Reset
ALL = "all"
CHARTS = "charts"  # what is chosen in the charts; the browser writes and reads it (live/address.js)
LOOK = "look"  # what is chosen on a page of pictures (view_link.py)
LAYER = "layer"  # whose details are open on the path of the error; the browser writes and reads it (path/layer.js)
GUIDE = "guide"  # "false": the guided first visit waits for its button (app/guide)
COMPARE = "compare"  # ids of the experiments on the page Compare
# parameters that are no settings
LESSON = ("path", "lesson", "step", "answer", "run", "seen", "sheet", "language")  # where a visitor of the lessons is
VIEW = ("hide", "projector", GUIDE, CHARTS, LOOK, LAYER, COMPARE, *LESSON, "at", "embed", "embed_options")
NOTE = "This link hides some controls, so that there is less to look at. Their values are those of the link."


def members(group: str) -> list[str]:
    """The settings of a group."""
    return [name for name, field in Experiment.model_fields.items() if extra(field)["group"] == group]


def read(text: str) -> tuple[frozenset[str], list[str]]:
    """What `hide=` names: settings and perhaps TRANSPORT; and a sentence for every name that there is not."""
    hidden: set[str] = set()
    problems = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name = part.lower()
        if name == ALL:
            hidden |= {TRANSPORT, *Experiment.model_fields}
        elif name == TRANSPORT:
            hidden.add(TRANSPORT)
        elif name in GROUPS:
            hidden |= set(members(name))
        elif part in SPELLINGS:
            hidden.add(SPELLINGS[part])
        else:
            known = [ALL, TRANSPORT, *GROUPS, *SPELLINGS]
            near = difflib.get_close_matches(part, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"give a setting, {', '.join(GROUPS)}, {TRANSPORT} or {ALL}."
            problems.append(f"The link hides {shown(part)}, which is no control: {hint}")
    return frozenset(hidden), problems


def arrive(params: Mapping[str, list[str]]) -> list[str]:
    """Once a session: keep what the link hides; the sentences about what it cannot."""
    text = ",".join(params.get("hide", []))
    session.hidden, problems = read(text)
    session.hide = text if session.hidden else ""
    session.guide = "false" if params.get(GUIDE) == ["false"] else ""
    return problems


def hidden() -> frozenset[str]:
    """Settings that are not shown, and perhaps TRANSPORT."""
    return session.hidden


def settings_of(params: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The parameters of a link that are about the experiment."""
    return {name: values for name, values in params.items() if name not in VIEW}


def into_url(parameters: Mapping[str, str]) -> None:
    """Write parameters into the address, and beside them what the visitor's view is, which stays from page to page."""
    of_the_lab = {"hide": session.hide, "projector": session.projector, GUIDE: session.guide, "at": session.at}
    kept = {name: text for name, text in of_the_lab.items() if text}
    kept |= {name: st.query_params[name] for name in (CHARTS, LOOK, LAYER) if name in st.query_params}
    st.query_params.from_dict({**parameters, **kept})


def note() -> None:
    """Say that controls are hidden, and offer them."""
    if hidden():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/visibility_off: {NOTE}")
            st.button("Show all", icon=":material/visibility:", on_click=_show_all)


def _show_all() -> None:
    session.hidden, session.hide = frozenset(), ""
    st.query_params.pop("hide", None)


def choose(key: str) -> str:
    """Checkboxes for what a link that is being made shall hide; the text of its `hide=`."""
    names = {**GROUPS, TRANSPORT: "Buttons below"}
    chosen: Iterable[str] = st.pills(
        "Hide in this link", list(names), format_func=names.__getitem__, selection_mode="multi", key=key
    )
    return ALL if len(list(chosen)) == len(names) else ",".join(chosen)
