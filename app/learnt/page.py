"""The page "What it has learnt": pictures of the networks of the experiment on screen, drawn anew while it trains.

What is chosen stays outside of the ticking fragment, so that an update resets nothing; only the chosen view looks.
"""

from collections.abc import Callable, Iterable
from contextlib import nullcontext

import streamlit as st

from app.bar import scrubber
from app.form import settings_form
from app.learnt import own_points, tsne_maps
from app.learnt import views as views
from app.learnt.views import Chosen
from app.shell import pages
from app.shell.escape import plain
from app.visit import moment, share, view_link, watching
from dfa_lab import data
from dfa_lab.runs.access import Gone
from dfa_lab.runs.live import ACTIVE, Status
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import describe

EVERY = 1.0  # seconds
OF_POINTS = {"Decision surfaces": views.surfaces, "Hidden units": views.units, "Hidden layers": views.clouds}
OF_IMAGES = {
    "First-layer weights": views.filters,
    "Confusions": views.confusions,
    "Worst mistakes": views.mistakes,
    "Adversarial images": views.moved,
    "Hidden layers": views.clouds,
}
HELP = {
    "Decision surfaces": "What each network answers everywhere in the plane.",
    "Hidden units": "Where in the plane each unit of a hidden layer is active.",
    "First-layer weights": "What each unit of the first layer looks for.",
    "Confusions": "Which classes are taken for which.",
    "Worst mistakes": "The test images on which each network is most wrong.",
    "Adversarial images": "How little has to change for another answer.",
    "Hidden layers": "The test samples as each hidden layer represents them (PCA).",
}


def show() -> None:
    """The whole page."""
    watching.arrive()
    st.title("What it has learnt", anchor=False)
    settings_form.show_problems(st.session_state.problems)
    status = watching.current()
    experiment = status.experiment
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"On screen: **{plain(describe(experiment))}**, rules **{', '.join(experiment.rules)}**.")
        pages.link(pages.LAB, "Settings and curves in the Lab")
        share.share_page(pages.LEARNT)
    scrubber.show()
    offered = OF_IMAGES if len(data.facts_of(experiment).shape) == 3 else OF_POINTS
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.segmented_control(
            "View",
            offered,
            default=view_link.told("view", list(offered), next(iter(offered))),
            required=True,
            wrap=True,  # on a phone all of them are seen
            key=f"learnt_view_{len(offered)}",
            persist_state="session",
        )
        chosen = _choose(str(name), experiment, len(status.layers))
        board = offered is OF_POINTS and own_points.wanted()
    _tell(str(name), offered, chosen, experiment, board)
    st.session_state.learnt_shown = _around(status)
    with own_points.beside(board):
        if chosen.tsne:
            tsne_maps.show(st.session_state.learnt_shown[0], chosen)
            return
        st.fragment(_tick, run_every=EVERY if status.demo or status.state in ACTIVE else None)(
            offered[str(name)], chosen, str(name)
        )


def _choose(name: str, experiment: Experiment, blocks: int) -> Chosen:
    """The controls of a view. Their keys hold what they offer: an answer never outlives its question."""
    usual = _usual(experiment)
    seed, points, rule, block, eps, tsne = usual.seed, usual.points, usual.rule, usual.block, usual.eps, None
    if len(experiment.seeds) > 1:
        key = f"learnt_seed_{experiment.seeds}"
        first = experiment.seeds.index(view_link.told("seed", experiment.seeds, seed))
        seed = st.selectbox("Seed", experiment.seeds, index=first, key=key, persist_state="session", width=120)
    if name == "Decision surfaces":
        drawn = experiment.dataset == "points"
        options = [*(["all"] if drawn else []), "test", "training", "none"]
        first = view_link.told("points", options, points)
        key = f"learnt_points_{drawn}"
        points = st.segmented_control("Points", options, default=first, required=True, key=key, persist_state="session")
    if name == "Hidden units" and len(experiment.rules) > 1:
        key = f"learnt_rule_{experiment.rules}"
        first = view_link.told("rule", experiment.rules, rule)
        rule = st.segmented_control("Rule", experiment.rules, default=first, required=True, key=key, persist_state="session")
    if name == "Hidden layers":
        maps = ["PCA, live", "t-SNE"]
        first = view_link.told("map", maps, maps[0])
        tsne = st.segmented_control("Map", maps, default=first, required=True, key="learnt_map", persist_state="session")
    if (name == "Hidden units" or tsne == "PCA, live") and blocks > 1:
        options = list(range(1, blocks + 1))
        first = view_link.told("layer", options, 1)
        key = f"learnt_layer_{blocks}"
        if blocks <= 8:
            block = st.segmented_control(
                "Hidden layer", options, default=first, required=True, key=key, persist_state="session"
            )
        else:
            block = st.selectbox("Hidden layer", options, index=first - 1, key=key, persist_state="session", width=140)
    if name == "Adversarial images":
        most = max(0.5, 2 * usual.eps)
        eps = st.slider(
            "ε, in units of the prepared inputs",
            0.0,
            most,
            view_link.told_number("eps", 0.0, most, usual.eps),
            0.01,
            key=f"learnt_eps_{usual.eps}",
            persist_state="session",
            width=360,
        )
    return Chosen(int(seed), str(points), str(rule), int(block or 1), float(eps), tsne == "t-SNE")


def _usual(experiment: Experiment) -> Chosen:
    """What is shown of an experiment before anybody has chosen."""
    points = "all" if experiment.dataset == "points" else "test"
    return Chosen(experiment.seeds[0], points, experiment.rules[0], 1, experiment.eps or 0.1)


def _tell(name: str, offered: Iterable[str], chosen: Chosen, experiment: Experiment, board: bool) -> None:
    """What is chosen, into the address. The view t-SNE has a choice of its own, and adds it."""
    usual = _usual(experiment)
    told: dict[str, tuple[object, object]] = {"view": (name, next(iter(offered)))}
    for part, key in (("seed", "seed"), ("points", "points"), ("rule", "rule"), ("block", "layer"), ("eps", "eps")):
        told[key] = getattr(chosen, part), getattr(usual, part)
    told |= {"map": ("t-SNE" if chosen.tsne else "", ""), "board": (own_points.OPEN if board else "", "")}
    st.session_state.learnt_told = told
    if not chosen.tsne:
        view_link.tell(told)


def _tick(view: Callable[[Status, Chosen], None], chosen: Chosen, name: str) -> None:
    status = watching.current()
    if _around(status) != st.session_state.learnt_shown:
        st.rerun()
    word = {"running": "training now"}.get(status.state, status.state)
    st.caption(f"{HELP[name]} Step {status.step:,} of {status.steps:,}, epoch {status.epoch:.1f}: {word}.")
    fresh = st.session_state.get("learnt_drawn") == (status.id, name)
    try:
        with nullcontext() if fresh else st.spinner("Looking at the networks …"):
            view(status, chosen)
        st.session_state.learnt_drawn = status.id, name
    except Gone as gone:
        st.info(plain(moment.why(status, gone)), icon=":material/hourglass_empty:")


def _around(status: Status) -> tuple[object, ...]:
    """What the page around the fragment depends on; a demonstration that begins again changes nothing of it."""
    return (
        status.experiment.model_copy(update={"seeds": ()}) if status.demo else status.id,
        moment.past(status) or status.state in ACTIVE,
        len(status.layers),
    )
