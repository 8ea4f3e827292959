"""The controls of the page "What it has learnt": those that the chosen view asks for."""

import streamlit as st

from app.learnt.view import Chosen, View
from app.visit import view_link
from dfa_lab.settings.experiment import Experiment

FEW = 8  # layers that are shown side by side; more of them are a list
PCA, TSNE = "PCA, live", "t-SNE"


def choose(view: View, experiment: Experiment, blocks: int) -> Chosen:
    """The controls of a view. Their keys hold what they offer: an answer never outlives its question."""
    start = usual(experiment)
    points, rule, block, eps, map = start.points, start.rule, start.block, start.eps, ""
    seed = _seed(experiment, start.seed)
    if "points" in view.asks:
        points = _points(experiment, start.points)
    if "rule" in view.asks and len(experiment.rules) > 1:
        rule = _buttons("Rule", "rule", experiment.rules, start.rule, f"learnt_rule_{experiment.rules}")
    if "map" in view.asks:
        map = _buttons("Map", "map", [PCA, TSNE], PCA, "learnt_map")
    if "layer" in view.asks and map != TSNE and blocks > 1:
        block = _layer(blocks)
    if "eps" in view.asks:
        eps = _eps(start.eps)
    return Chosen(int(seed), str(points), str(rule), int(block or 1), float(eps), map == TSNE)


def usual(experiment: Experiment) -> Chosen:
    """What is shown of an experiment before anybody has chosen."""
    points = "all" if experiment.dataset == "points" else "test"
    return Chosen(experiment.seeds[0], points, experiment.rules[0], 1, experiment.eps or 0.1)


def _seed(experiment: Experiment, seed: int) -> int:
    if len(experiment.seeds) == 1:
        return seed
    first = experiment.seeds.index(view_link.told("seed", experiment.seeds, seed))
    key = f"learnt_seed_{experiment.seeds}"
    return st.selectbox("Seed", experiment.seeds, index=first, key=key, persist_state="session", width=120)


def _points(experiment: Experiment, points: str) -> str | None:
    drawn = experiment.dataset == "points"
    return _buttons(
        "Points", "points", [*(["all"] if drawn else []), "test", "training", "none"], points, f"learnt_points_{drawn}"
    )


def _layer(blocks: int) -> int | None:
    options, key = list(range(1, blocks + 1)), f"learnt_layer_{blocks}"
    if blocks <= FEW:
        return _buttons("Hidden layer", "layer", options, 1, key)
    first = view_link.told("layer", options, 1)
    return st.selectbox("Hidden layer", options, index=first - 1, key=key, persist_state="session", width=140)


def _eps(eps: float) -> float:
    most = max(0.5, 2 * eps)
    return st.slider(
        "ε, in units of the prepared inputs",
        0.0,
        most,
        view_link.told_number("eps", 0.0, most, eps),
        0.01,
        key=f"learnt_eps_{eps}",
        persist_state="session",
        width=360,
    )


def _buttons(label: str, name: str, options, first, key: str):
    """One of the options; `name`: in the link."""
    first = view_link.told(name, options, first)
    return st.segmented_control(label, options, default=first, required=True, key=key, persist_state="session")
