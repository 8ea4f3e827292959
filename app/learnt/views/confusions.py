"""Confusions: which classes each network takes for which."""

import numpy as np
import streamlit as st

from app.charts import pictures as draw
from app.learnt import learnt_looks
from app.learnt.view import Chosen, View, of_images, runs, theme_name
from app.visit import looks
from dfa_lab.inspect.mistakes import confusion
from dfa_lab.runs.live import Status

TABLE = 12  # classes up to which the confusion matrix is a table


def confusions(status: Status, chosen: Chosen) -> None:
    """Which classes each rule's network takes for which."""
    panels, names, samples = [], looks.class_names(status), 0
    for run, rule in runs(status, chosen):
        look = looks.share(status, ("asked", run), lambda run=run: learnt_looks.asked(status.id, run))
        found, samples = look.value, len(look.value.t)
        counts = confusion(found.t, found.given, len(names))
        if len(names) <= TABLE:
            body = draw.table(counts, names, rule)
        else:
            shares = (counts / np.maximum(counts.sum(1, keepdims=True), 1)) ** 0.5
            pixels = draw.signed_pixels(np.where(np.eye(len(names)), -shares, shares), theme_name())
            body = draw.image(draw.png(pixels), f"Confusion matrix of {rule}, {len(names)} classes.", sharp=True)
        panels.append(draw.panel(rule, f"{found.error:.1%} wrong", body, look.note))
    st.html(draw.side_by_side(panels, "20rem"))
    st.caption(
        f"{samples:,} test samples. Rows: the true class; columns: the class given. Blue: right; orange: confused; the "
        "stronger, the larger the share of the row."
    )


VIEW = View(
    "Confusions",
    "Which classes are taken for which.",
    place=40,
    offered=of_images,
    draw=confusions,
)
