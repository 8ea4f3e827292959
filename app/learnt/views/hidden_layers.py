"""Hidden layers: the test samples in the plane of the principal components of a layer; or as t-SNE maps them (tsne_maps.py)."""

import streamlit as st

from app.charts import pictures as draw
from app.learnt import learnt_looks
from app.learnt.view import Chosen, View, of_all, runs, theme_name
from app.visit import looks
from dfa_lab.runs.live import Status


def clouds(status: Status, chosen: Chosen) -> None:
    """The test samples in the plane of a layer's principal components."""
    panels, names, samples = [], looks.class_names(status), 0
    for run, rule in runs(status, chosen):
        look = looks.share(status, ("clouds", run), lambda run=run: learnt_looks.clouds(status.id, run))
        t, blocks = look.value
        samples, one = len(t), blocks[min(chosen.block, len(blocks)) - 1]
        first, second = one.shares
        alt = f"{samples} test samples as hidden layer {chosen.block} of {rule} represents them, coloured by class."
        about = look.note or f"across: {first:.0%} of the variance, upwards: {second:.0%}"
        body = draw.image(draw.cloud(one.points, t, theme_name()), alt)
        panels.append(draw.panel(rule, f"hidden layer {chosen.block}", body, about))
    st.html(draw.side_by_side(panels))
    st.html(draw.legend(names))
    st.caption(
        f"PCA: the activities of {samples:,} test samples along the two directions in which they differ most; each rule has "
        "its own."
    )


VIEW = View(
    "Hidden layers",
    "The test samples as each hidden layer represents them (PCA).",
    place=70,
    offered=of_all,
    draw=clouds,
    asks=("map", "layer"),
)
