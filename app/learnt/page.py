"""The page "What it has learnt": pictures of the networks of the experiment on screen, drawn anew while it trains.

What is chosen stays outside of the ticking fragment, so that an update resets nothing; only the chosen view looks.
"""

from contextlib import nullcontext

import streamlit as st

from app.bar import scrubber, share_links
from app.form import settings_form
from app.learnt import controls, own_points, tsne_maps
from app.learnt.view import Chosen, View, drawn, of_points
from app.learnt.views import VIEWS
from app.shell import pages
from app.shell.escape import plain
from app.visit import moment, view_link, waiting, watching, whose
from app.visit.session import session
from dfa_lab import data
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import ACTIVE, Status
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import describe

EVERY = 1.0  # seconds


def show() -> None:
    """The whole page."""
    watching.arrive()
    share_links.title(pages.LEARNT, "What it has learnt")
    settings_form.show_problems(session.problems)
    status = watching.current()
    experiment = status.experiment
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{whose.subject(status)}: **{plain(describe(experiment))}**, rules **{', '.join(experiment.rules)}**.")
        pages.link(pages.LAB, "Settings and curves in the Lab")
    whose.note(status)
    scrubber.show()
    shape = data.facts_of(experiment).shape
    offered = {view.title: view for view in VIEWS if view.offered(shape)}
    usual = next(iter(offered))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.segmented_control(
            "View",
            list(offered),
            default=view_link.told("view", list(offered), usual),
            required=True,
            wrap=True,  # on a phone all of them are seen
            key=f"learnt_view_{len(offered)}",
            persist_state="session",
        )
        view = offered[str(name)]
        chosen = controls.choose(view, experiment, len(status.layers))
        board = of_points(shape) and own_points.wanted()
    _tell(view.title, usual, chosen, experiment, board)
    drawn.around = _around(status)
    with own_points.beside(board):
        if chosen.tsne:
            tsne_maps.show(drawn.around[0], chosen)
            return
        st.fragment(_tick, run_every=EVERY if status.demo or status.state in ACTIVE else None)(view, chosen)


def _tell(name: str, first: str, chosen: Chosen, experiment: Experiment, board: bool) -> None:
    """What is chosen, into the address. The view t-SNE has a choice of its own, and adds it."""
    usual = controls.usual(experiment)
    told: dict[str, tuple[object, object]] = {"view": (name, first)}
    for part, key in (("seed", "seed"), ("points", "points"), ("rule", "rule"), ("block", "layer"), ("eps", "eps")):
        told[key] = getattr(chosen, part), getattr(usual, part)
    told |= {"map": ("t-SNE" if chosen.tsne else "", ""), "board": (own_points.OPEN if board else "", "")}
    drawn.told = told
    if not chosen.tsne:
        view_link.tell(told)


def _tick(view: View, chosen: Chosen) -> None:
    status = watching.current()
    if _around(status) != drawn.around:
        st.rerun()
    word = {"running": "training now"}.get(status.state, status.state)
    st.caption(f"{view.about} Step {status.step:,} of {status.steps:,}, epoch {status.epoch:.1f}: {word}.")
    fresh = drawn.view == (status.id, view.title)
    try:
        with nullcontext() if fresh else st.spinner("Looking at the networks …"):
            view.draw(status, chosen)
        drawn.view = status.id, view.title
    except Gone as gone:
        waiting.show(status, gone)


def _around(status: Status) -> tuple[object, ...]:
    """What the page around the fragment depends on; a demonstration that begins again changes nothing of it."""
    return (
        status.experiment.model_copy(update={"seeds": ()}) if status.demo else status.id,
        moment.past(status) or status.state in ACTIVE,
        len(status.layers),
    )
