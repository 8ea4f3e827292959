"""The page "Angles": every measure of the experiment on screen, as maps of layer × step and as curves, while it trains."""

import streamlit as st

from app.bar import share_links
from app.live import layer_maps, live_chart
from app.shell import pages
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import view_link, waiting, watching, whose
from dfa_lab.feedback import DirectRule, rule_class
from dfa_lab.records import DRAWN, METRICS
from dfa_lab.runs.live import ENDED, Status
from dfa_lab.runs.store.known_wrong import SAID
from dfa_lab.settings.parsing import describe


def show() -> None:
    """The whole page."""
    watching.arrive()
    share_links.title(pages.ANGLES, "Angles")
    status = watching.now()
    experiment = status.experiment
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{whose.subject(status)}: **{plain(describe(experiment))}**, rules **{', '.join(experiment.rules)}**.")
        pages.link(pages.LAB, "Settings and curves in the Lab")
        pages.link(pages.RULES, "What each of them is")
    options = list(DRAWN)
    first = options.index(view_link.told("map", options, options[0]))
    measure: str = st.selectbox(
        "Map of",
        options,
        index=first,
        key="angles_of",
        format_func=lambda one: DRAWN[one]["name"],
        persist_state="session",
        width=260,
    )
    view_link.tell({"map": (measure, options[0])})
    name, metric = DRAWN[measure]["name"], DRAWN[measure]["metric"]
    st.caption(f"**{name}**: {METRICS[metric][1]}. Rows: layers, the first at the bottom; columns: steps; blank: no value.")
    if (said := missing(status)) and not status.demo:
        st.info(said, icon=":material/info:")
    if manager().store.left_out([status.id]):
        st.info(SAID, icon=":material/info:")
    waiting.queue(status)
    live_chart.show(status, key="live_angles", measure=measure)


def missing(status: Status) -> str:
    """The sentence about what an experiment that has ended never recorded; nothing where all is there."""
    if status.state not in ENDED:
        return ""
    there = layer_maps.metrics(status)
    fed = any(rule_class(rule).replaces_weights or issubclass(rule_class(rule), DirectRule) for rule in status.experiment.rules)
    names = [
        drawn["name"]
        for measure, drawn in DRAWN.items()
        if drawn["metric"] not in there and (measure != "feedback" or fed) and status.layers
    ]
    if not names:
        return ""
    return (
        f"This experiment has no {', '.join(names)}: it was trained by a lab that did not measure this yet, or with fewer "
        "measures chosen, or it ended at once. Start it again to see them."
    )
