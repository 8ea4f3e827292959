"""First-layer weights: what each unit of the first layer looks for."""

import numpy as np
import streamlit as st

from app.charts import pictures as draw
from app.learnt import learnt_looks
from app.learnt.view import Chosen, View, of_images, runs, theme_name
from app.visit import looks
from dfa_lab import data
from dfa_lab.runs.live import Status


def filters(status: Status, chosen: Chosen) -> None:
    """The weights of each rule's first layer."""
    theme, panels = theme_name(), []
    for run, rule in runs(status, chosen):
        look = looks.share(status, ("filters", run), lambda run=run: learnt_looks.first_layer(status.id, run))
        found, count = look.value
        colours = found.shape[1] == 3 and status.experiment.format == "rgb"
        items = []
        for number, one in enumerate(found, start=1):
            pixels = 127.5 * (1 + one.transpose(1, 2, 0)) if colours else draw.signed_pixels(one[0], theme)
            alt = f"Weights of unit {number} of the first layer, {rule}."
            items.append(draw.image(draw.png(pixels), alt, css=f"width:100%;aspect-ratio:{_ratio(pixels)}", sharp=True))
        if not items:
            look.note = "The first layer of this network does not take the pixels as they are: it has no pictures."
        panels.append(draw.panel(rule, f"{len(found)} of {count} units", draw.small_multiples(items, "56px"), look.note))
    st.html(draw.side_by_side(panels))
    if status.experiment.format == "yuv":
        about = "The weights for brightness: orange positive, blue negative"
    elif _grey(status):
        about = "Orange: weights above zero, which a bright pixel excites; blue: below zero"
    else:
        about = "Grey is zero; a colour is what the unit is excited by"
    st.caption(f"{about}. Each unit is scaled by its own largest weight.")


def _grey(status: Status) -> bool:
    """Whether the images have one channel."""
    return data.facts_of(status.experiment).shape[0] == 1


def _ratio(pixels: np.ndarray) -> str:
    return f"{pixels.shape[1]}/{pixels.shape[0]}"


VIEW = View(
    "First-layer weights",
    "What each unit of the first layer looks for.",
    place=30,
    offered=of_images,
    draw=filters,
)
